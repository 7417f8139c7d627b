# kvstore for PostgreSQL 15 to 18, built with PGXS.
#
#   make [PG_CONFIG=..] [CXX=clang++]     build the extension
#   make install                          install it where that pg_config says
#   make installcheck                     the regression tests, on a running server
#
# scripts/test does all of this on a private server.

EXTENSION = kvstore
KV_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" kvstore.control)

MODULE_big = kvstore
SOURCES = $(wildcard extension/src/*.cpp extension/src/*/*.cpp)
OBJS = $(SOURCES:.cpp=.o)

INSTALL_SQL = extension/sql/kvstore--$(KV_VERSION).sql
DATA = $(filter-out $(INSTALL_SQL),$(wildcard extension/sql/kvstore--*--*.sql))
DATA_built = $(INSTALL_SQL)
DOCS = README.md
EXTRA_CLEAN = extension/sql/kvstore--$(KV_VERSION).sql $(SOURCES:.cpp=.bc)

# In this order: the first creates the extension, the last drops it.
REGRESS = stores ttl entries vocabulary errors bytes privileges detours versions invalidate triggers sweep limit leases uninstall
REGRESS_OPTS = --inputdir=. --outputdir=tmp_check

# An error in the server is a longjmp and must never meet an exception or a
# destructor, so both are off; the module needs no libstdc++ at run time.
KV_CXXFLAGS = -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
              -fvisibility=hidden -fno-plt -Wall -Wextra -Wno-register
PG_CXXFLAGS = $(KV_CXXFLAGS) $(WERROR)
PG_CPPFLAGS = -Iextension/src -DKV_VERSION='"$(KV_VERSION)"'

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

COMPILE.cxx.bc += $(KV_CXXFLAGS)

$(OBJS) $(OBJS:.o=.bc): $(wildcard extension/src/*/*.hpp)

$(INSTALL_SQL): extension/sql/kvstore.sql extension/sql/functions.awk kvstore.control
	awk -f extension/sql/functions.awk $< >$@.new && mv $@.new $@

.PHONY: show-regress
show-regress:
	@echo $(REGRESS)
