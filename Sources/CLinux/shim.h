#pragma once

#include <sys/socket.h>

// The C library declares this only for GNU sources, which Swift's Glibc module is not.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
