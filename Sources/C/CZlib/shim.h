#ifndef SLIPWAY_CZLIB_SHIM_H
#define SLIPWAY_CZLIB_SHIM_H

#include <zlib.h>

/* inflateInit is a macro, which Swift cannot call. */
static inline int slipway_inflate_init(z_stream *stream, int window_bits) { return inflateInit2(stream, window_bits); }

#endif
