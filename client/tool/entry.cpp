#include "entry.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "encoding.hpp"
#include "errors.hpp"

namespace kv {

namespace {

using json = nlohmann::json;

const std::string &text_of(const std::string &member, const json &value) {
    if (!value.is_string())
        throw input_error("\"" + member + "\" is not a string");
    return value.get_ref<const std::string &>();
}

// How long a key may be is for the server to say, which counts it in the database's encoding.
std::string valid_key(std::string key) {
    if (key.find('\0') != key.npos)
        throw input_error("the key has a zero byte");
    return key;
}

// Refuses a member that is there twice, of which the parser would take one.
json parse_json(std::string_view line) {
    std::set<std::string> members;
    const auto note = [&](int depth, json::parse_event_t event, json &what) {
        if (event == json::parse_event_t::key && depth == 1 &&
            !members.insert(what.get<std::string>()).second)
            throw input_error("\"" + what.get<std::string>() + "\" is there twice");
        return true;
    };
    return json::parse(line, note, false);
}

// "name": "text", or "name_base64" for what is not text, as in a database in SQL_ASCII.
void add(nlohmann::ordered_json &object, const std::string &name, std::string_view bytes) {
    if (is_text(bytes))
        object[name] = bytes;
    else
        object[name + "_base64"] = to_base64(bytes);
}

void add_expiry(nlohmann::ordered_json &object, const entry &of) {
    if (of.expires != never)
        object["expires"] = format_time(of.expires);
}

}  // namespace

entry parse_entry(std::string_view line) {
    const json object = parse_json(line);
    if (!object.is_object())
        throw input_error(object.is_discarded() ? "not JSON" : "not a JSON object");
    entry parsed;
    int keys = 0, values = 0;
    for (const auto &[member, value] : object.items())
        if (member == "key") {
            parsed.key = valid_key(text_of(member, value));
            keys++;
        } else if (member == "key_base64") {
            parsed.key = valid_key(from_base64(text_of(member, value)));
            keys++;
        } else if (member == "value") {
            parsed.value = text_of(member, value);
            values++;
        } else if (member == "value_base64") {
            parsed.value = from_base64(text_of(member, value));
            values++;
        } else if (member == "expires") {
            parsed.expires = parse_time(text_of(member, value));
        } else {
            // Not passed over: "expire" for "expires" would make an entry that never does.
            throw input_error("unknown member \"" + member + "\"");
        }
    if (keys != 1)
        throw input_error("neither or both of \"key\" and \"key_base64\"");
    if (values != 1)
        throw input_error("neither or both of \"value\" and \"value_base64\"");
    return parsed;
}

std::string format_entry(const entry &what) {
    nlohmann::ordered_json object;
    add(object, "key", what.key);
    add(object, "value", what.value);
    add_expiry(object, what);
    return object.dump();
}

std::string format_key(const entry &what) {
    nlohmann::ordered_json object;
    add(object, "key", what.key);
    add_expiry(object, what);
    return object.dump();
}

std::string format_absence(std::string_view key) {
    nlohmann::ordered_json object;
    add(object, "key", key);
    object["value"] = nullptr;
    return object.dump();
}

}  // namespace kv
