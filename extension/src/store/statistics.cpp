#include "store/statistics.hpp"

#include <bit>
#include <new>
#include <string_view>

namespace kvstore {

namespace statistics {

namespace {

constexpr std::uint32_t most_stores = 512;

// What is in shared memory and in the file, and in which order: another build of the library may
// be at work beside this one, or have been before it.
#define KV_NAME(name) #name " "
constexpr std::string_view fields = KV_COUNTERS(KV_NAME) KV_SWEEP_NUMBERS(KV_NAME);

// A hash: FNV-1a.
constexpr std::uint32_t layout = [] {
    std::uint32_t hash = 2166136261U;
    for (char each : fields)
        hash = (hash ^ static_cast<unsigned char>(each)) * 16777619U;
    return hash;
}();

// A counter is spread over several cache lines, each used by a part of the sessions:
// they would otherwise spend more time on passing one line around than on counting.
constexpr int stripes = 8;

struct alignas(64) stripe {
    std::array<pg_atomic_uint64, number_of_counters> counts;
};

struct place {
    std::array<stripe, stripes> counted;
    std::array<pg_atomic_uint64, numbers_of_a_sweep> last_sweep;
};

struct shared_memory {
    std::uint32_t layout;                              // set when all else is
    LWLock lock;                                       // held to take and to give up places
    pg_atomic_uint32 used;                             // places that were ever taken
    pg_atomic_uint32 given_up;                         // how often one was
    std::array<pg_atomic_uint64, most_stores> owners;  // the store that has the place, 0 for none
    std::array<place, most_stores> places;
};

shared_memory *shared = nullptr;

// --- A place ---

std::uint64_t owner_of(Oid database, Oid table) {
    return static_cast<std::uint64_t>(database) << 32 | table;
}
Oid database_of(std::uint64_t owner) {
    return static_cast<Oid>(owner >> 32);
}
Oid table_of(std::uint64_t owner) {
    return static_cast<Oid>(owner);
}

std::int64_t value_of(pg_atomic_uint64 &counter) {
    return static_cast<std::int64_t>(pg_atomic_read_u64(&counter));
}

void set_up(place &one) {
    for (stripe &each : one.counted)
        for (pg_atomic_uint64 &counter : each.counts)
            pg_atomic_init_u64(&counter, 0);
    for (pg_atomic_uint64 &number : one.last_sweep)
        pg_atomic_init_u64(&number, 0);
}

using record_numbers = std::array<std::int64_t, numbers_of_a_sweep>;

void set_record(place &one, const sweep_record &to) {
    auto numbers = std::bit_cast<record_numbers>(to);
    for (std::size_t i = 0; i < numbers_of_a_sweep; i++)
        pg_atomic_write_u64(&one.last_sweep[i], static_cast<std::uint64_t>(numbers[i]));
}

sweep_record record_of(place &one) {
    record_numbers numbers;
    for (std::size_t i = 0; i < numbers_of_a_sweep; i++)
        numbers[i] = value_of(one.last_sweep[i]);
    return std::bit_cast<sweep_record>(numbers);
}

void set(place &one, const store_statistics &to) {
    for (stripe &each : one.counted)
        for (pg_atomic_uint64 &counter : each.counts)
            pg_atomic_write_u64(&counter, 0);
    for (std::size_t i = 0; i < number_of_counters; i++)
        pg_atomic_write_u64(&one.counted[0].counts[i], static_cast<std::uint64_t>(to.counts[i]));
    set_record(one, to.last_sweep);
}

store_statistics sum(place &one) {
    store_statistics result = {};
    for (stripe &each : one.counted)
        for (std::size_t i = 0; i < number_of_counters; i++)
            result.counts[i] += value_of(each.counts[i]);
    result.last_sweep = record_of(one);
    return result;
}

// --- Places ---

constexpr std::uint32_t nowhere = most_stores;

std::uint32_t used_places() {
    return pg_atomic_read_u32(&shared->used);
}

std::uint64_t owner_at(std::uint32_t where) {
    return pg_atomic_read_u64(&shared->owners[where]);
}

std::uint32_t find(std::uint64_t owner) {
    std::uint32_t used = used_places();
    for (std::uint32_t where = 0; where < used; where++)
        if (owner_at(where) == owner)
            return where;
    return nowhere;
}

// The first free place, or nowhere. The lock is held.
std::uint32_t take_free_place() {
    std::uint32_t free = find(0);
    if (free == nowhere && used_places() < most_stores)
        free = used_places();
    return free;
}

// A place that starts from `initial`. The lock is held.
std::uint32_t take_place(std::uint64_t owner, const store_statistics &initial) {
    std::uint32_t where = take_free_place();
    if (where == nowhere)
        return nowhere;
    set(shared->places[where], initial);
    pg_write_barrier();
    pg_atomic_write_u64(&shared->owners[where], owner);
    if (where == used_places())
        pg_atomic_write_u32(&shared->used, where + 1);
    return where;
}

bool all_taken() {
    return used_places() == most_stores && find(0) == nowhere;
}

std::uint32_t find_or_take(std::uint64_t owner) {
    std::uint32_t where = find(owner);
    if (where != nowhere || all_taken())
        return where;
    LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
    where = find(owner);
    if (where == nowhere)
        where = take_place(owner, {});
    LWLockRelease(&shared->lock);
    return where;
}

void give_up(std::uint32_t where, std::uint64_t owner) {
    LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
    if (owner_at(where) == owner) {
        pg_atomic_write_u64(&shared->owners[where], 0);
        pg_atomic_fetch_add_u32(&shared->given_up, 1);  // now that there is one to be found
    }
    LWLockRelease(&shared->lock);
}

// --- What this session has found ---

struct known_place {
    Oid store;
    std::uint32_t where;     // nowhere: all were taken,
    std::uint32_t given_up;  // when so many had been given up
};

std::uint32_t times_given_up() {
    return pg_atomic_read_u32(&shared->given_up);
}

bool is_true(const known_place &known, std::uint64_t owner) {
    if (known.store != table_of(owner))
        return false;
    return known.where == nowhere ? known.given_up == times_given_up()
                                  : owner_at(known.where) == owner;
}

// The place of a store of this database. To search for it takes longer than to count.
std::uint32_t known_place_of(Oid store) {
    constexpr int bits = 8;
    static std::array<known_place, 1 << bits> known_places;
    known_place &known = known_places[store * 2654435769U >> (32 - bits)];  // Fibonacci hashing
    std::uint64_t owner = owner_of(MyDatabaseId, store);
    if (!is_true(known, owner)) {
        std::uint32_t given_up = times_given_up();  // before the search
        pg_read_barrier();
        known = {store, find_or_take(owner), given_up};
    }
    return known.where;
}

// --- The file in which they outlast a restart ---

constexpr const char *file_name = "pg_stat/kvstore.stat";
constexpr const char *file_being_written = "pg_stat/kvstore.stat.tmp";

struct saved_place {
    std::uint64_t owner;
    store_statistics statistics;
};

struct file_header {
    std::uint32_t file_layout = layout;
    std::uint32_t size_of_a_place = sizeof(saved_place);

    bool operator==(const file_header &) const = default;
};

bool write_places(FILE *file) {
    constexpr file_header header;
    if (fwrite(&header, sizeof(header), 1, file) != 1)
        return false;
    for (std::uint32_t where = 0; where < used_places(); where++) {
        saved_place saved = {owner_at(where), sum(shared->places[where])};
        if (saved.owner != 0 && fwrite(&saved, sizeof(saved), 1, file) != 1)
            return false;
    }
    return true;
}

// At the start: nobody else is there yet.
void load() {
    FILE *file = AllocateFile(file_name, PG_BINARY_R);
    if (file == nullptr)
        return;
    file_header header;
    saved_place saved;
    if (fread(&header, sizeof(header), 1, file) == 1 && header == file_header{})
        while (fread(&saved, sizeof(saved), 1, file) == 1)
            take_place(saved.owner, saved.statistics);
    FreeFile(file);
    (void)unlink(file_name);
}

// --- The memory ---

void initialize(void *memory) {
    shared = new (memory) shared_memory;
    LWLockInitialize(&shared->lock, LWLockNewTrancheId());
    pg_atomic_init_u32(&shared->used, 0);
    pg_atomic_init_u32(&shared->given_up, 0);
    for (pg_atomic_uint64 &owner : shared->owners)
        pg_atomic_init_u64(&owner, 0);
    for (place &each : shared->places)
        set_up(each);
    load();
    pg_write_barrier();
    shared->layout = layout;
}

constexpr pg::shared_area area{"kvstore", layout, sizeof(shared_memory), initialize};

bool attach() {
    static bool attached = false;
    if (!attached) {
        shared = static_cast<shared_memory *>(pg::attach(area));
        attached = shared != nullptr && shared->layout == layout;
        if (attached)
            LWLockRegisterTranche(shared->lock.tranche, "kvstore");
    }
    return attached;
}

std::uint32_t place_of(Oid store) {
    return attach() ? known_place_of(store) : nowhere;
}

// Of the places of one database, or of all: gives up those that are gone.
void forget(Oid database, bool (*is_gone)(std::uint64_t owner)) {
    for (std::uint32_t where = 0; where < used_places(); where++) {
        std::uint64_t owner = owner_at(where);
        bool concerned = !OidIsValid(database) || database_of(owner) == database;
        if (owner != 0 && concerned && is_gone(owner))
            give_up(where, owner);
    }
}

}  // namespace

void reserve() {
    pg::reserve(area);
}

void count(Oid store, counter what, std::int64_t how_many) {
    std::uint32_t where = place_of(store);
    if (where == nowhere)
        return;
    stripe &mine = shared->places[where].counted[MyProcPid % stripes];
    pg_atomic_fetch_add_u64(&mine.counts[static_cast<std::size_t>(what)], how_many);
}

void record_sweep(Oid store, const sweep_record &record) {
    std::uint32_t where = place_of(store);
    if (where != nowhere)
        set_record(shared->places[where], record);
}

// Takes no place: anybody may ask, and for anything.
std::optional<store_statistics> of(Oid store) {
    if (!attach())
        return std::nullopt;
    std::uint32_t where = find(owner_of(MyDatabaseId, store));
    if (where != nowhere)
        return sum(shared->places[where]);
    return all_taken() ? std::nullopt : std::optional(store_statistics{});
}

void reset() {
    if (!attach())
        return;
    for (std::uint32_t where = 0; where < used_places(); where++)
        if (database_of(owner_at(where)) == MyDatabaseId)
            set(shared->places[where], {});
}

void forget_dropped_tables() {
    if (attach())
        forget(MyDatabaseId, [](std::uint64_t owner) {
            return !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table_of(owner)));
        });
}

void forget_dropped_databases() {
    if (attach())
        forget(InvalidOid, [](std::uint64_t owner) {
            return !SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database_of(owner)));
        });
}

void save() {
    if (!attach())
        return;
    FILE *file = AllocateFile(file_being_written, PG_BINARY_W);
    bool written = file != nullptr && write_places(file);
    if (file != nullptr && FreeFile(file) != 0)
        written = false;
    if (written)
        (void)durable_rename(file_being_written, file_name, LOG);
    else
        ereport(LOG, (errcode_for_file_access(),
                      errmsg("could not write file \"%s\": %m", file_being_written)));
}

void discard_saved() {
    if (attach())
        (void)unlink(file_name);
}

}  // namespace statistics
}  // namespace kvstore
