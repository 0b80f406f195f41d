#ifndef SLIPWAY_CHIREDIS_SHIM_H
#define SLIPWAY_CHIREDIS_SHIM_H

/* hiredis serves as the codec only: the reader and the command formatter. The socket is ours. */
#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#endif
