#include "times.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include "errors.hpp"
#include "words.hpp"

namespace kv {

namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

struct unit {
    std::string_view name;
    double seconds;
};

constexpr std::array units{unit{"ms", 0.001},       unit{"s", 1},
                           unit{"sec", 1},          unit{"second", 1},
                           unit{"seconds", 1},      unit{"m", 60},
                           unit{"min", 60},         unit{"minute", 60},
                           unit{"minutes", 60},     unit{"h", 3600},
                           unit{"hour", 3600},      unit{"hours", 3600},
                           unit{"d", 86400},        unit{"day", 86400},
                           unit{"days", 86400},     unit{"w", 7 * 86400},
                           unit{"week", 7 * 86400}, unit{"weeks", 7 * 86400}};

void skip_blanks(std::string_view &text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

double take_number(std::string_view &text) {
    double number = 0;
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    const bool is_word = !text.empty() && text.find_first_of("0123456789") == text.npos;
    if (problem != std::errc() || is_word)  // from_chars() knows "inf" and "nan"
        throw input_error("not a number");
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

double take_unit(std::string_view &text) {
    const std::string_view name =
        text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
    for (const unit &each : units)
        if (each.name == name) {
            text.remove_prefix(name.size());
            return each.seconds;
        }
    throw input_error("not a unit");
}

// Days since the year 2000, in the proleptic Gregorian calendar. A year begins in March here, so
// that the leap day is its last.
std::int64_t days_of(std::int64_t year, int month, int day_of_month) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day_of_month - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 730'425;
}

int days_in(std::int64_t year, int month) {
    constexpr std::array days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// Reads the parts of a timestamp off the front of a text.
class time_reader {
  public:
    explicit time_reader(std::string_view text) : rest_(text) {}

    server_time read() {
        server_time time = read_date() * day;
        if (!take('T') && !take(' '))
            fail();
        time += read_clock();
        time -= read_offset();
        constexpr server_time end = 9'223'371'331'200'000'000;  // END_TIMESTAMP of PostgreSQL
        if (!rest_.empty() || time >= end)
            fail();
        return time;
    }

  private:
    std::int64_t read_date() {
        const int year = number(4, 6, 294'276);
        expect('-');
        const int month = number(2, 2, 12);
        expect('-');
        const int day_of_month = number(2, 2, 31);
        if (year < 1 || month < 1 || day_of_month < 1 || day_of_month > days_in(year, month))
            fail();
        return days_of(year, month, day_of_month);
    }

    std::int64_t read_clock() {
        std::int64_t time = number(2, 2, 23) * hour;
        expect(':');
        time += number(2, 2, 59) * minute;
        expect(':');
        time += number(2, 2, 59) * second;
        return take('.') ? time + read_fraction() : time;
    }

    std::int64_t read_fraction() {
        const std::size_t before = rest_.size();
        std::int64_t fraction = number(1, 6, 999'999);
        for (std::size_t digits = before - rest_.size(); digits < 6; digits++)
            fraction *= 10;
        return fraction;
    }

    std::int64_t read_offset() {
        if (take('Z'))
            return 0;
        const bool west = take('-');
        if (!west)
            expect('+');
        std::int64_t offset = number(2, 2, 15) * hour;
        if (take(':'))
            offset += number(2, 2, 59) * minute;
        return west ? -offset : offset;
    }

    int number(std::size_t min_digits, std::size_t max_digits, int max) {
        const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        int value = 0;
        if (digits < min_digits || digits > max_digits)
            fail();
        std::from_chars(rest_.data(), rest_.data() + digits, value);
        if (value > max)
            fail();
        rest_.remove_prefix(digits);
        return value;
    }

    bool take(char c) {
        const bool there = rest_.starts_with(c);
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }

    void expect(char c) {
        if (!take(c))
            fail();
    }

    [[noreturn]] static void fail() { throw input_error("not a time"); }

    std::string_view rest_;
};

}  // namespace

std::chrono::duration<double> parse_ttl(std::string_view text) try {
    const bool bare = text.find_first_not_of("-.0123456789") == text.npos;
    if (std::string_view rest = text; bare) {
        const double seconds = take_number(rest);
        if (rest.empty())
            return std::chrono::duration<double>(seconds);
    }
    double seconds = 0;
    std::string_view rest = text;
    skip_blanks(rest);
    do {
        const double number = take_number(rest);
        skip_blanks(rest);
        seconds += number * take_unit(rest);
        skip_blanks(rest);
    } while (!rest.empty());
    return std::chrono::duration<double>(seconds);
} catch (const input_error &) {
    throw input_error("not a TTL: '" + std::string(text) +
                      "'; give seconds, or numbers with units as in 500ms, 1h30m, 2d");
}

std::optional<std::chrono::duration<double>> parse_optional_ttl(
    const std::optional<std::string> &text) {
    if (!text)
        return std::nullopt;
    return parse_ttl(*text);
}

std::chrono::duration<double> parse_milliseconds(std::string_view text) try {
    std::string_view rest = text;
    const double number = take_number(rest);
    if (!rest.empty())
        throw input_error("not a number");
    return std::chrono::duration<double, std::milli>(number);
} catch (const input_error &) {
    throw input_error("not a number of milliseconds: '" + std::string(text) + "'");
}

std::chrono::duration<double> parse_ttl_words(const std::vector<std::string> &words) {
    const std::string unit = words.size() == 2 ? upper_case(words[0]) : "";
    if (unit == "EX")
        return parse_ttl(words[1]);
    if (unit == "PX")
        return parse_milliseconds(words[1]);
    if (words.size() != 1)
        throw input_error("give a TTL, or EX SECONDS, or PX MILLISECONDS");
    return parse_ttl(words.front());
}

server_time parse_time(std::string_view text) try {
    return time_reader(text).read();
} catch (const input_error &) {
    throw input_error("not a time: '" + std::string(text) +
                      "'; give one such as 2026-11-23T15:38:12.123456Z");
}

server_time server_time_of(std::chrono::sys_time<std::chrono::microseconds> time) {
    constexpr std::chrono::sys_days epoch = std::chrono::year{2000} / 1 / 1;
    return (time - epoch).count();
}

std::string formatted_in_sql(const std::string &time) {
    return "pg_catalog.to_char(pg_catalog.timezone('UTC'::pg_catalog.text, " + time +
           "), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'::pg_catalog.text)";
}

std::string format_time(server_time time) {
    std::int64_t days = time / day;
    std::int64_t year = 2000 + days * 400 / 146'097;  // a guess that is at most one too late
    if (days_of(year, 1, 1) > days)
        year--;
    else if (days_of(year + 1, 1, 1) <= days)
        year++;
    days -= days_of(year, 1, 1);
    int month = 1;
    for (; days >= days_in(year, month); month++)
        days -= days_in(year, month);

    const auto part = [&](std::int64_t unit, std::int64_t of) {
        return static_cast<int>(time % of / unit);
    };
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                  static_cast<int>(year), month, static_cast<int>(days) + 1, part(hour, day),
                  part(minute, hour), part(second, minute), part(1, second));
    return text.data();
}

}  // namespace kv
