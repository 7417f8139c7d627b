# kvstore for PostgreSQL 15 to 18, built with PGXS.
#
#   make [PG_CONFIG=..] [CXX=clang++]     build the extension
#   make install                          install it where that pg_config says
#   make installcheck                     the regression tests, on a running server
#   make dist                             kvstore-<version>.zip, the sources as PGXN wants them
#
# In a folder of its own, as Debian's packages are built: make -f <here>/Makefile VPATH=<here>
#
# scripts/test does all of this on a private server.

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
DOCS = README.md
EXTRA_CLEAN = $(INSTALL_SQL) $(SOURCES:.cpp=.bc)

# In this order: the first creates the extension, the last drops it.
REGRESS = stores ttl entries vocabulary errors bytes privileges detours versions invalidate triggers sweep limit leases uninstall
REGRESS_OPTS = --inputdir=$(KV_ROOT) --outputdir=tmp_check

# An error in the server is a longjmp and must never meet an exception or a
# destructor, so both are off; the module needs no libstdc++ at run time.
KV_CXXFLAGS = -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
              -fvisibility=hidden -fno-plt -Wall -Wextra -Wno-register
PG_CXXFLAGS = $(KV_CXXFLAGS) $(WERROR)
PG_CPPFLAGS = -I$(KV_ROOT)/extension/src -DKV_VERSION='"$(KV_VERSION)"'

# make takes what it finds in VPATH for built, so nothing may be built there.
ifneq ($(KV_ROOT),.)
ifneq ($(call kv_files,$(OBJS) $(INSTALL_SQL)),)
$(error there is a build among the sources: make -C $(KV_ROOT) clean)
endif
$(shell mkdir -p $(sort $(dir $(OBJS) $(INSTALL_SQL))))
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

COMPILE.cxx.bc += $(KV_CXXFLAGS)

$(OBJS) $(OBJS:.o=.bc): $(call kv_files,extension/src/*/*.hpp)

$(INSTALL_SQL): extension/sql/kvstore.sql extension/sql/functions.awk kvstore.control
	awk -f $(word 2,$^) $< >$@.new && mv $@.new $@

# What was committed, as PGXN and pgxn install take it.
.PHONY: dist
dist:
	git -C $(KV_ROOT) archive --format=zip --prefix=kvstore-$(KV_VERSION)/ \
	    --output=$(CURDIR)/kvstore-$(KV_VERSION).zip HEAD

.PHONY: show-regress
show-regress:
	@echo $(REGRESS)
