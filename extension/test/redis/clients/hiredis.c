/* hiredis: what C programs, and much that is built on it, do. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks = 0;

static void check(int right, const char *what) {
    if (!right) {
        printf("wrong: %s\n", what);
        exit(1);
    }
    checks++;
}

static int is_bulk(const redisReply *reply, const char *bytes, size_t size) {
    return reply && reply->type == REDIS_REPLY_STRING && reply->len == size && memcmp(reply->str, bytes, size) == 0;
}
static int is_status(const redisReply *reply, const char *text) {
    return reply && reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, text) == 0;
}
static int is_integer(const redisReply *reply, long long number) {
    return reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == number;
}
static int is_nil(const redisReply *reply) { return reply && reply->type == REDIS_REPLY_NIL; }

static redisContext *redis;

/* A command, and what is expected of its reply. */
#define EXPECT(is, ...)                                 \
    do {                                                \
        redisReply *reply = redisCommand(redis, __VA_ARGS__); \
        check(is, #__VA_ARGS__);                        \
        freeReplyObject(reply);                         \
    } while (0)

static void strings(void) {
    const char binary[] = "a\0b\r\n\xff";
    EXPECT(is_status(reply, "OK"), "SET %s %b", "binary", binary, sizeof binary);
    EXPECT(is_bulk(reply, binary, sizeof binary), "GET binary");
    EXPECT(is_status(reply, "OK"), "SET lock %s NX PX 30000", "me");
    EXPECT(is_nil(reply), "SET lock %s NX PX 30000", "you");
    EXPECT(is_integer(reply, 1), "INCR counter");
    EXPECT(is_integer(reply, 42), "INCRBY counter 41");
    EXPECT(is_bulk(reply, "42.5", 4), "INCRBYFLOAT counter 0.5");
    EXPECT(reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "ERR value is not an integer", 27) == 0, "INCR counter");
    EXPECT(is_nil(reply), "GET nothing");
    EXPECT(reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 && is_bulk(reply->element[0], "me", 2) &&
               is_nil(reply->element[1]) && is_bulk(reply->element[2], "42.5", 4),
           "MGET lock nothing counter");
}

static void large_value(void) {
    size_t size = 10 * 1000 * 1000;
    char *value = malloc(size);
    for (size_t i = 0; i < size; i++)
        value[i] = (char)(i * 31 >> 3);
    EXPECT(is_status(reply, "OK"), "SET large %b", value, size);
    EXPECT(is_bulk(reply, value, size), "GET large");
    EXPECT(is_integer(reply, 1), "DEL large");
    free(value);
}

static void pipeline(void) {
    enum { commands = 10000 };
    redisReply *reply;
    for (int i = 0; i < commands; i++) {
        redisAppendCommand(redis, "SET pipe:%d %d", i, i * i);
        redisAppendCommand(redis, "GET pipe:%d", i);
    }
    for (int i = 0; i < commands; i++) {
        char expected[20];
        snprintf(expected, sizeof expected, "%d", i * i);
        if (redisGetReply(redis, (void **)&reply) != REDIS_OK || !is_status(reply, "OK"))
            check(0, "the reply to a SET in a pipeline");
        freeReplyObject(reply);
        if (redisGetReply(redis, (void **)&reply) != REDIS_OK || !is_bulk(reply, expected, strlen(expected)))
            check(0, "the reply to a GET in a pipeline");
        freeReplyObject(reply);
    }
    check(1, "a pipeline");
}

static void transaction(void) {
    EXPECT(is_status(reply, "OK"), "MULTI");
    EXPECT(is_status(reply, "QUEUED"), "SET a 1");
    EXPECT(is_status(reply, "QUEUED"), "INCR a");
    EXPECT(reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && is_integer(reply->element[1], 2), "EXEC");
}

int main(void) {
    redis = redisConnect(getenv("REDIS_HOST"), atoi(getenv("REDIS_PORT")));
    check(redis && !redis->err, "connected");
    EXPECT(is_status(reply, "OK"), "FLUSHALL");
    strings();
    large_value();
    pipeline();
    transaction();
    redisFree(redis);
    printf("%d\n", checks);
    return 0;
}
