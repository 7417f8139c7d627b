/// @file
/// The entries of a store as a range, to be looped over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kvstore/operations.hpp"

#pragma GCC visibility push(default)

namespace kvstore {

/// Live entries in the order of their keys, read page after page while they are looped over. An
/// input range: it is gone through once.
template <class Entry, class Mode = immediately>
class scan_range {
    struct pages;

  public:
    /// Not for applications: store::entries() gives one.
    /// @param from     the store
    /// @param options  which entries; max is the size of a page
    scan_range(const operations<Mode> &from, const scan_options &options)
        : pages_(std::make_shared<pages>(from, options)) {}

    /// Goes through the entries.
    class iterator {
      public:
        /// As the standard library has it.
        using value_type = Entry;
        /// As the standard library has it.
        using difference_type = std::ptrdiff_t;

        /// @return the entry
        const Entry &operator*() const { return pages_->page[pages_->at]; }

        /// @return the entry
        const Entry *operator->() const { return &**this; }

        /// Goes to the next entry, which may be read from the server. If that fails it stays where
        /// it is, and may try again. @return this
        iterator &operator++() {
            pages_->next();
            return *this;
        }

        /// Goes to the next entry.
        void operator++(int) { pages_->next(); }

        /// @return whether there are no more
        bool operator==(std::default_sentinel_t) const { return pages_->at == pages_->page.size(); }

      private:
        friend class scan_range;
        explicit iterator(pages &of) : pages_(&of) {}

        pages *pages_;
    };

    /// Reads the first page.
    /// @return the first entry
    iterator begin() {
        pages_->read(pages_->after);
        return iterator(*pages_);
    }

    /// @return the end
    std::default_sentinel_t end() const noexcept { return {}; }

  private:
    struct pages {
        pages(const operations<Mode> &of, const scan_options &options)
            : from(of), prefix(options.prefix), size(options.max) {
            if (options.after)
                after = *options.after;
        }

        void next() {
            const bool is_full = size && page.size() >= static_cast<std::size_t>(*size);
            if (at + 1 == page.size() && is_full)
                read(page.back().key);
            else
                at++;
        }

        void read(const std::optional<std::string> &beyond) {
            const scan_options options{.prefix = prefix, .after = beyond, .max = size};
            if constexpr (std::is_same_v<Entry, entry>)
                page = from.scan(options);
            else
                page = from.scan_bytes(options);
            at = 0;
        }

        operations<Mode> from;
        std::string prefix;
        std::optional<std::string> after;
        std::optional<std::int32_t> size;
        std::vector<Entry> page{};
        std::size_t at = 0;
    };

    std::shared_ptr<pages> pages_;
};

}  // namespace kvstore

#pragma GCC visibility pop
