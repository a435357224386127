#ifndef CSIMDJSON_H
#define CSIMDJSON_H

// A C face of simdjson's DOM parser: whole documents as simdjson's tape, and lines of JSON as a fixed row of slots.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that must be readable after the end of every text given to this library; their content does not matter.
#define CSIMDJSON_PADDING 64

typedef struct csimdjson_parser csimdjson_parser;

// Returns NULL when memory is exhausted. The caller frees it with csimdjson_parser_destroy.
csimdjson_parser *csimdjson_parser_create(size_t maximum_bytes, size_t maximum_depth);
void csimdjson_parser_destroy(csimdjson_parser *parser);

// Parses one document. The text is borrowed for the call; `tape` and `strings` belong to the parser and live until its next call.
// Returns 0, or a code for csimdjson_error_text.
int csimdjson_parse(csimdjson_parser *parser, const char *text, size_t length, const uint64_t **tape, const uint8_t **strings);

// A constant, never freed.
const char *csimdjson_error_text(int code);

typedef enum {
    CSIMDJSON_MISSING = 0,
    CSIMDJSON_NULL,
    CSIMDJSON_BOOLEAN,
    CSIMDJSON_INTEGER,
    CSIMDJSON_DOUBLE,
    CSIMDJSON_STRING,
    CSIMDJSON_NUMBERS,
    CSIMDJSON_OTHER
} csimdjson_kind;

// One value of a line. `text` (UTF-8, not NUL-terminated, `count` bytes) and `numbers` (`count` of them) belong to the reader and live
// until its next call.
typedef struct {
    int32_t kind;
    int64_t integer;        // CSIMDJSON_INTEGER, and 0 or 1 for CSIMDJSON_BOOLEAN
    double number;          // CSIMDJSON_INTEGER and CSIMDJSON_DOUBLE
    const char *text;       // CSIMDJSON_STRING
    const double *numbers;  // CSIMDJSON_NUMBERS; a member that is not a finite number is NaN
    size_t count;
} csimdjson_slot;

typedef struct csimdjson_rows csimdjson_rows;

// Each path is a list of object keys joined by '/'; slot i of a row receives the value at path i. The paths are copied.
// Returns NULL when memory is exhausted. The caller frees it with csimdjson_rows_destroy.
csimdjson_rows *csimdjson_rows_create(const char *const *paths, size_t count, size_t maximum_depth);
void csimdjson_rows_destroy(csimdjson_rows *rows);

// Parses one line that must hold an object and fills all slots; of a key given twice the last counts. The text is borrowed for the call.
// Returns 0, or a code for csimdjson_error_text, in which case the slots are all CSIMDJSON_MISSING.
int csimdjson_rows_read(csimdjson_rows *rows, const char *text, size_t length, csimdjson_slot *slots);

#ifdef __cplusplus
}
#endif
#endif
