// Several operations as one, on a connection of one's own and on the application's.
#include <stdexcept>

#include "support.hpp"

namespace {

using kvstore::isolation_level;

class TransactionTest : public testing::Test {
  protected:
    ~TransactionTest() override { other.del_prefix("t:"); }

    kvstore::client client;
    kvstore::client other;
};

TEST_F(TransactionTest, CommitsWhenTheWorkReturns) {
    const auto result = client.transact([&](kvstore::transaction &tx) {
        tx.set("t:a", "1");
        tx.incr("t:a");
        EXPECT_FALSE(other.exists("t:a"));
        return tx.get("t:a");
    });
    EXPECT_EQ(result, "2");
    EXPECT_EQ(other.get("t:a"), "2");
}

TEST_F(TransactionTest, RollsBackWhenTheWorkThrows) {
    EXPECT_THROW(client.transact([](auto &tx) {
        tx.set("t:a", "1");
        throw std::runtime_error("no");
    }),
                 std::runtime_error);
    EXPECT_EQ(sqlstate_of([&] {
                  client.transact([](auto &tx) {
                      tx.set("t:a", "x");
                      tx.incr("t:a");
                  });
              }),
              "22P02");
    EXPECT_FALSE(client.exists("t:a"));
}

TEST_F(TransactionTest, SaysSoIfAnErrorWasPassedOver) {
    EXPECT_EQ(sqlstate_of([&] {
                  client.transact([](auto &tx) {
                      tx.set("t:a", "x");
                      EXPECT_EQ(sqlstate_of([&] { tx.incr("t:a"); }), "22P02");
                      EXPECT_EQ(sqlstate_of([&] { std::ignore = tx.get("t:a"); }), "25P02");
                  });
              }),
              "25P02");
    EXPECT_FALSE(client.exists("t:a"));
}

TEST_F(TransactionTest, TriesAgainAfterASerializationFailure) {
    client.set("t:n", "1");
    int attempts = 0;
    auto conflict = [&](auto &tx) {
        attempts++;
        const auto seen = tx.get("t:n");
        if (attempts == 1)
            other.incr("t:n");
        tx.set("t:n", *seen + "0");
    };
    client.transact(conflict, {.isolation = isolation_level::repeatable_read});
    EXPECT_EQ(attempts, 2);
    EXPECT_EQ(client.get("t:n"), "20");

    attempts = 0;
    EXPECT_THROW(
        client.transact(conflict, {.isolation = isolation_level::serializable, .attempts = 1}),
        kvstore::serialization_failure);
    EXPECT_EQ(attempts, 1);
}

TEST_F(TransactionTest, TriesAgainAfterADeadlock) {
    auto lock_both = [](kvstore::client &on, const std::string &first, const std::string &second) {
        on.transact([&](auto &tx) {
            tx.incr(first);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            tx.incr(second);
        });
    };
    std::thread rival([&] { lock_both(other, "t:x", "t:y"); });
    lock_both(client, "t:y", "t:x");
    rival.join();
    EXPECT_EQ(client.get("t:x"), "2");
    EXPECT_EQ(client.get("t:y"), "2");
}

TEST_F(TransactionTest, IsAnObjectToo) {
    {
        kvstore::transaction tx(client, {.isolation = isolation_level::repeatable_read});
        tx.set("t:o", "1");
        EXPECT_FALSE(other.exists("t:o"));
        tx.commit();
    }
    EXPECT_EQ(other.get("t:o"), "1");
    {
        kvstore::transaction left(client);
        left.set("t:o", "2");
    }
    {
        kvstore::transaction tx(client);
        tx.set("t:o", "3");
        tx.rollback();
        EXPECT_EQ(client.get("t:o"), "1");
    }
    EXPECT_EQ(other.get("t:o"), "1");
    kvstore::transaction failed(client);
    EXPECT_EQ(sqlstate_of([&] { failed.del_prefix(""); }), "22023");
    EXPECT_EQ(sqlstate_of([&] { failed.commit(); }), "25P02");
}

// What was made for it does nothing then, outside of it or within the next one.
TEST_F(TransactionTest, IsNotUsedAfterItsEnd) {
    kvstore::transaction tx(client);
    kvstore::store handle = tx.open_store("kv_store");
    kvstore::pipeline batch(tx);
    const auto early = batch.set("t:e", "v");
    tx.rollback();
    const auto is_refused = [](auto call) { return throws_just<kvstore::error>(call); };
    const auto all_are_refused = [&] {
        EXPECT_TRUE(is_refused([&] { tx.set("t:e", "v"); }));
        EXPECT_TRUE(is_refused([&] { handle.set("t:e", "v"); }));
        EXPECT_TRUE(is_refused([&] { tx.open_store("kv_store").set("t:e", "v"); }));
        EXPECT_TRUE(is_refused([&] { tx.entries().begin(); }));
        EXPECT_TRUE(is_refused([&] { tx.commit(); }));
        const auto late = batch.open_store("kv_store").set("t:e", "v");
        EXPECT_TRUE(is_refused([&] { batch.run(); }));
        EXPECT_TRUE(is_refused([&] { late.get(); }));
        tx.rollback();
    };
    all_are_refused();
    EXPECT_TRUE(is_refused([&] { early.get(); }));

    kvstore::transaction next(client);
    next.set("t:n", "v");
    all_are_refused();
    next.commit();
    EXPECT_TRUE(is_refused([&] { next.commit(); }));
    EXPECT_EQ(client.get("t:n"), "v");
    EXPECT_FALSE(client.exists("t:e"));
    EXPECT_TRUE(is_refused([&] { client.transact([](auto &own) { own.commit(); }); }));
}

TEST_F(TransactionTest, MayBeReadOnly) {
    EXPECT_EQ(sqlstate_of([&] {
                  client.transact([](auto &tx) { tx.set("t:a", "1"); }, {.read_only = true});
              }),
              "25006");
}

TEST_F(TransactionTest, IsNotWithinAnother) {
    client.transact([&](auto &tx) {
        tx.set("t:a", "1");
        EXPECT_THROW(client.transact([](auto &) {}), kvstore::error);
    });
    EXPECT_EQ(client.get("t:a"), "1");
}

class WrappedTest : public TransactionTest {
  protected:
    plain_connection application;
    kvstore::client wrapped = kvstore::client::wrap(application.get());
};

TEST_F(WrappedTest, CommitsWithTheApplication) {
    application.sql("CREATE TEMP TABLE business (id int)");
    application.sql("BEGIN");
    application.sql("INSERT INTO business VALUES (1)");
    wrapped.set("t:b", "committed");
    EXPECT_FALSE(client.exists("t:b"));
    application.sql("COMMIT");
    EXPECT_EQ(client.get("t:b"), "committed");

    application.sql("BEGIN");
    application.sql("DELETE FROM business");
    wrapped.del("t:b");
    application.sql("ROLLBACK");
    EXPECT_EQ(application.sql("SELECT count(*) FROM business"), "1");
    EXPECT_EQ(wrapped.get("t:b"), "committed");
}

TEST_F(WrappedTest, LeavesNothingBehind) {
    wrapped.set("t:w", "v");
    kvstore::pipeline batch(wrapped);
    batch.incr("t:w2");
    batch.run();
    wrapped.transact([](auto &tx) { tx.incr("t:w2"); });
    EXPECT_EQ(application.sql("SELECT count(*) FROM pg_prepared_statements"), "0");
    EXPECT_EQ(PQpipelineStatus(application.get()), PQ_PIPELINE_OFF);
    EXPECT_EQ(PQisnonblocking(application.get()), 0);
    EXPECT_EQ(PQtransactionStatus(application.get()), PQTRANS_IDLE);
}

TEST_F(WrappedTest, KeepsOutOfTheApplicationsTransaction) {
    application.sql("BEGIN");
    EXPECT_THROW(wrapped.transact([](auto &) {}), kvstore::error);
    EXPECT_THROW(wrapped.fetch("t:f", std::chrono::hours(1), [] { return "v"; }), kvstore::error);
    application.sql("ROLLBACK");
}

TEST_F(WrappedTest, StoresTheTextThatIsMeant) {
    PQsetClientEncoding(application.get(), "LATIN1");
    EXPECT_THROW(wrapped.set("t:e", "ä"), kvstore::error);
    EXPECT_FALSE(client.exists("t:e"));
    PQsetClientEncoding(application.get(), "UTF8");
    wrapped.set("t:e", "ä");
    EXPECT_EQ(client.get("t:e"), "ä");
    EXPECT_EQ(kvstore::client("client_encoding=LATIN1").get("t:e"), "ä");
}

// Nothing is sent, so nothing is in doubt.
TEST_F(WrappedTest, RefusesAConnectionThatIsBusy) {
    kvstore::pipeline batch(wrapped);
    const auto all_are_refused = [&] {
        const auto later = batch.set("t:busy", "v");
        EXPECT_TRUE(throws_just<kvstore::error>([&] { wrapped.set("t:busy", "v"); }));
        EXPECT_TRUE(throws_just<kvstore::error>([&] { wrapped.transact([](auto &) {}); }));
        EXPECT_TRUE(throws_just<kvstore::error>([&] { batch.run(); }));
        EXPECT_TRUE(later.ready());
        EXPECT_TRUE(throws_just<kvstore::error>([&] { later.get(); }));
    };
    PQenterPipelineMode(application.get());
    all_are_refused();
    PQexitPipelineMode(application.get());

    PQsendQuery(application.get(), "SELECT 'mine'");
    all_are_refused();
    PGresult *mine = PQgetResult(application.get());
    EXPECT_STREQ(PQgetvalue(mine, 0, 0), "mine");
    PQclear(mine);
    all_are_refused();
    EXPECT_EQ(PQgetResult(application.get()), nullptr);
    EXPECT_FALSE(wrapped.exists("t:busy"));
}

TEST(LostWrappedTest, IsNotConnectedAnew) {
    const plain_connection application("application_name=victim");
    kvstore::client wrapped = kvstore::client::wrap(application.get());
    plain_connection().sql(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE application_name = 'victim'");
    for (int i = 0; i < 2; i++)
        EXPECT_TRUE(
            throws_just<kvstore::connection_error>([&] { std::ignore = wrapped.get("t:a"); }));
    PQreset(application.get());
    EXPECT_EQ(wrapped.get("t:a"), std::nullopt);
}

}  // namespace
