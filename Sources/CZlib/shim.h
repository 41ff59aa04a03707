#pragma once

#include <zlib.h>

// Macros that Swift does not see. Window bits: 15, and 16 more for gzip's frame.

static inline int gzip_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int gzip_inflate_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }

static inline int zlib_inflate_init(z_stream *stream) { return inflateInit2(stream, 15); }
