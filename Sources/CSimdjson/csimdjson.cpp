#include "csimdjson.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <simdjson.h>

using namespace simdjson;

static_assert(CSIMDJSON_PADDING >= SIMDJSON_PADDING, "the promised padding must suffice");

struct csimdjson_parser {
    dom::parser parser;
    size_t maximum_depth;
    csimdjson_parser(size_t maximum_bytes, size_t depth) : parser(maximum_bytes), maximum_depth(depth) {}
};

extern "C" csimdjson_parser *csimdjson_parser_create(size_t maximum_bytes, size_t maximum_depth) {
    return new (std::nothrow) csimdjson_parser(maximum_bytes, maximum_depth);
}

extern "C" void csimdjson_parser_destroy(csimdjson_parser *parser) { delete parser; }

// Parses with room for `length` bytes and the given depth; simdjson by itself would grow with its default depth.
static error_code parse_bounded(dom::parser &parser, const char *text, size_t length, size_t depth) {
    if (length > parser.max_capacity()) { return CAPACITY; }
    if (parser.capacity() < length || parser.max_depth() != depth) {
        size_t wanted = length < 4096 ? 4096 : length;
        error_code failure = parser.allocate(wanted, depth);
        if (failure) { return failure; }
    }
    return parser.parse(text, length, false).error();
}

extern "C" int csimdjson_parse(csimdjson_parser *parser, const char *text, size_t length, const uint64_t **tape,
                               const uint8_t **strings) {
    error_code failure = parse_bounded(parser->parser, text, length, parser->maximum_depth);
    *tape = failure ? nullptr : parser->parser.doc.tape.get();
    *strings = failure ? nullptr : parser->parser.doc.string_buf.get();
    return failure;
}

extern "C" const char *csimdjson_error_text(int code) { return error_message(static_cast<error_code>(code)); }

namespace {

// One key on the way to a slot; its siblings that fall into the same bucket are linked through `next_in_bucket`.
struct Key {
    std::string name;
    int slot = -1;
    std::vector<Key> children;
    int next_in_bucket = -1;
    int buckets[64];

    static unsigned bucket(const char *text, size_t length) {
        if (length == 0) { return 0; }
        return (unsigned(length) * 7 + unsigned((unsigned char)text[0]) + 3 * unsigned((unsigned char)text[length - 1])) & 63;
    }

    void index() {
        for (int &bucket : buckets) { bucket = -1; }
        for (size_t position = 0; position < children.size(); position++) {
            Key &child = children[position];
            unsigned number = bucket(child.name.data(), child.name.size());
            child.next_in_bucket = buckets[number];
            buckets[number] = int(position);
            child.index();
        }
    }

    const Key *find(const char *text, size_t length) const {
        for (int position = buckets[bucket(text, length)]; position >= 0; position = children[position].next_in_bucket) {
            const std::string &name = children[position].name;
            if (name.size() == length && std::memcmp(name.data(), text, length) == 0) { return &children[position]; }
        }
        return nullptr;
    }

    Key &child(const std::string &name) {
        for (Key &existing : children) {
            if (existing.name == name) { return existing; }
        }
        children.emplace_back();
        children.back().name = name;
        return children.back();
    }
};

}  // namespace

struct csimdjson_rows {
    dom::parser parser;
    size_t maximum_depth;
    size_t slot_count;
    Key root;
    std::vector<std::vector<double>> numbers;  // One per slot, so that rows with several lists keep them apart.

    void fill(const Key &key, dom::object object, csimdjson_slot *slots) {
        for (dom::key_value_pair field : object) {
            const Key *found = key.find(field.key.data(), field.key.size());
            if (!found) { continue; }
            if (found->slot >= 0) { set(found->slot, field.value, slots[found->slot]); }
            if (!found->children.empty() && field.value.is_object()) {
                fill(*found, dom::object(field.value), slots);
            }
        }
    }

    void set(int slot_number, dom::element value, csimdjson_slot &slot) {
        switch (value.type()) {
        case dom::element_type::NULL_VALUE: slot.kind = CSIMDJSON_NULL; break;
        case dom::element_type::BOOL:
            slot.kind = CSIMDJSON_BOOLEAN;
            slot.integer = bool(value) ? 1 : 0;
            break;
        case dom::element_type::INT64:
            slot.kind = CSIMDJSON_INTEGER;
            slot.integer = int64_t(value);
            slot.number = double(slot.integer);
            break;
        case dom::element_type::UINT64:
            slot.kind = CSIMDJSON_DOUBLE;
            slot.number = double(uint64_t(value));
            break;
        case dom::element_type::DOUBLE:
            slot.kind = CSIMDJSON_DOUBLE;
            slot.number = double(value);
            break;
        case dom::element_type::STRING: {
            std::string_view text = value;
            slot.kind = CSIMDJSON_STRING;
            slot.text = text.data();
            slot.count = text.size();
            break;
        }
        case dom::element_type::ARRAY: set_numbers(numbers[size_t(slot_number)], dom::array(value), slot); break;
        case dom::element_type::OBJECT: slot.kind = CSIMDJSON_OTHER; break;
        }
    }

    static void set_numbers(std::vector<double> &list, dom::array array, csimdjson_slot &slot) {
        list.clear();
        for (dom::element member : array) {
            double number;
            bool finite = member.is_number() && !member.get(number);
            list.push_back(finite ? number : NAN);
        }
        slot.kind = CSIMDJSON_NUMBERS;
        slot.numbers = list.data();
        slot.count = list.size();
    }
};

extern "C" csimdjson_rows *csimdjson_rows_create(const char *const *paths, size_t count, size_t maximum_depth) {
    try {
        auto rows = std::make_unique<csimdjson_rows>();
        rows->maximum_depth = maximum_depth;
        rows->slot_count = count;
        rows->numbers.resize(count);
        for (size_t number = 0; number < count; number++) {
            Key *key = &rows->root;
            std::string path = paths[number];
            for (size_t start = 0; start <= path.size();) {
                size_t end = std::min(path.find('/', start), path.size());
                key = &key->child(path.substr(start, end - start));
                start = end + 1;
            }
            key->slot = int(number);
        }
        rows->root.index();
        return rows.release();
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

extern "C" void csimdjson_rows_destroy(csimdjson_rows *rows) { delete rows; }

extern "C" int csimdjson_rows_read(csimdjson_rows *rows, const char *text, size_t length, csimdjson_slot *slots) {
    std::memset(slots, 0, rows->slot_count * sizeof(csimdjson_slot));
    error_code failure = parse_bounded(rows->parser, text, length, rows->maximum_depth);
    if (failure) { return failure; }
    dom::element root = rows->parser.doc.root();
    if (!root.is_object()) { return INCORRECT_TYPE; }
    try {
        rows->fill(rows->root, dom::object(root), slots);
    } catch (const std::exception &) {
        std::memset(slots, 0, rows->slot_count * sizeof(csimdjson_slot));
        return MEMALLOC;
    }
    return SUCCESS;
}
