#ifndef SLIPWAY_COPENSSL_SHIM_H
#define SLIPWAY_COPENSSL_SHIM_H

/* SHA256_Update and its kind are "deprecated" in favour of EVP, which cannot write a state down. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Macros of OpenSSL, which Swift cannot call.

static inline int slipway_tls_require_1_2(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

static inline int slipway_tls_name_server(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name) == 1;
}

#endif
