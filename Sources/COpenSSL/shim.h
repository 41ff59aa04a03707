#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

// Macros that Swift does not see.

static inline int ssl_context_set_versions(SSL_CTX *context, int least) {
    return SSL_CTX_set_min_proto_version(context, least);
}

// A write may take a part of what there is, and be tried again from where that lies by then.
static inline void ssl_context_allow_partial_writes(SSL_CTX *context) {
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

static inline void ssl_context_cache_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
}

// The keys that session tickets are sealed with: 80 bytes.
static inline long ssl_context_get_ticket_keys(SSL_CTX *context, void *keys, long length) {
    return SSL_CTX_get_tlsext_ticket_keys(context, keys, length);
}

static inline long ssl_context_set_ticket_keys(SSL_CTX *context, void *keys, long length) {
    return SSL_CTX_set_tlsext_ticket_keys(context, keys, length);
}

static inline void ssl_context_set_options(SSL_CTX *context) {
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}

// For clients.

static inline int ssl_context_set_latest_version(SSL_CTX *context, int latest) {
    return SSL_CTX_set_max_proto_version(context, latest);
}
