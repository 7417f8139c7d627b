# kvstore for PostgreSQL 15 to 18, built with PGXS.
#
#   make [PG_CONFIG=..] [CXX=clang++]     build the extension
#   make install                          install it where that pg_config says
#   make installcheck                     the regression tests and isolation specs, on the running
#                                         server that PGHOST and PGPORT name, as a superuser of it
#   make installcheck REGRESS=ttl ISOLATION=    one of them
#   make prove_installcheck               the TAP tests, on servers of their own, not as root
#   make prove_installcheck PROVE_TESTS=extension/test/t/dump.pl    one of them
#   make dist                             kvstore-<version>.zip, the sources as PGXN wants them
#
# In a folder of its own, as Debian's packages are built: make -f <here>/Makefile VPATH=<here>
#
# For each PostgreSQL the same PG_CONFIG is given every time. scripts/test does all of this
# on a private server.

# The folder of the sources; the names below are relative to it.
KV_ROOT := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
kv_files = $(patsubst $(KV_ROOT)/%,%,$(wildcard $(addprefix $(KV_ROOT)/,$(1))))

EXTENSION = kvstore
KV_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(KV_ROOT)/kvstore.control)

MODULE_big = kvstore
SOURCES = $(call kv_files,extension/src/*.cpp extension/src/*/*.cpp)
OBJS = $(SOURCES:.cpp=.o)

INSTALL_SQL = extension/sql/kvstore--$(KV_VERSION).sql
DATA = $(filter-out $(INSTALL_SQL),$(call kv_files,extension/sql/kvstore--*--*.sql))
DATA_built = $(INSTALL_SQL)
EXTRA_CLEAN = built_for $(INSTALL_SQL) $(SOURCES:.cpp=.bc)

# Each runs alone as well. The last one drops the extension. Isolation specs go by their files.
REGRESS = stores ttl entries moves vocabulary errors bytes redis privileges needs tenants detours versions invalidate triggers own_triggers sweep limit leases uninstall
ISOLATION = $(sort $(notdir $(basename $(wildcard $(KV_ROOT)/extension/test/isolation/specs/*.spec))))
PROVE_TESTS = extension/test/t/*.pl

# In a database that is the same on every server.
TEST_DATABASE = --load-extension=$(EXTENSION) --encoding=UTF8 --no-locale
REGRESS_OPTS = --inputdir=$(KV_ROOT) --outputdir=tmp_check $(TEST_DATABASE)
ISOLATION_OPTS = --inputdir=$(KV_ROOT)/extension/test/isolation $(TEST_DATABASE)

# An error in the server is a longjmp and must never meet an exception or a
# destructor, so both are off; the module needs no libstdc++ at run time.
KV_CXXFLAGS = -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
              -fvisibility=hidden -fno-plt -Wall -Wextra -Wno-register
PG_CXXFLAGS = $(KV_CXXFLAGS) $(WERROR)
PG_CPPFLAGS = -I$(KV_ROOT)/extension/src -DKV_VERSION='"$(KV_VERSION)"'

# make takes what it finds in VPATH for built, so nothing may be built there.
ifneq ($(KV_ROOT),.)
ifneq ($(call kv_files,$(OBJS) $(INSTALL_SQL) built_for),)
$(error there is a build among the sources: make -C $(KV_ROOT) clean)
endif
$(shell mkdir -p $(sort $(dir $(OBJS) $(INSTALL_SQL))))
endif

# Without these, make would compile something by its own rules, or find nothing to do.
ifneq ($(MAKECMDGOALS),dist)
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error there is no PostgreSQL to build for: "$(PG_CONFIG) --pgxs" names no file. PG_CONFIG=/path/to/pg_config names another one)
endif
ifeq ($(wildcard $(shell $(PG_CONFIG) --includedir-server)/postgres.h),)
$(error the headers of $(shell $(PG_CONFIG) --version) are not installed; on Debian they are in postgresql-server-dev-NN)
endif
include $(PGXS)
ifneq ($(filter 9.% 10 11 12 13 14,$(MAJORVERSION)),)
$(error kvstore needs PostgreSQL 15 or newer, and $(PG_CONFIG) is of $(VERSION))
endif
endif

COMPILE.cxx.bc += $(KV_CXXFLAGS)

$(OBJS) $(OBJS:.o=.bc): $(call kv_files,extension/src/*/*.hpp) built_for

# What was built for one PostgreSQL is built anew for another, but not if that has only moved.
built_for: FORCE
	@$(PG_CONFIG) --version --configure | cmp -s - $@ || $(PG_CONFIG) --version --configure >$@

$(INSTALL_SQL): extension/sql/kvstore.sql extension/sql/functions.awk kvstore.control
	awk -f $(word 2,$^) $< >$@.new && mv $@.new $@

# The folder is that of all extensions, so not as README.md.
install: install-readme
uninstall: uninstall-readme
ifdef docdir
install-readme:
	$(MKDIR_P) '$(DESTDIR)$(docdir)/$(docmoduledir)'
	$(INSTALL_DATA) $(KV_ROOT)/README.md '$(DESTDIR)$(docdir)/$(docmoduledir)/$(EXTENSION).md'
uninstall-readme:
	rm -f '$(DESTDIR)$(docdir)/$(docmoduledir)/$(EXTENSION).md'
endif

prove_installcheck:
	$(prove_installcheck)

# What was committed, as PGXN and pgxn install take it.
dist:
	git -C $(KV_ROOT) archive --format=zip --prefix=kvstore-$(KV_VERSION)/ \
	    --output=$(CURDIR)/kvstore-$(KV_VERSION).zip HEAD

show-regress:
	@echo $(REGRESS)

.PHONY: FORCE dist install-readme uninstall-readme prove_installcheck show-regress
