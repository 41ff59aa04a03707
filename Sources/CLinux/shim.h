#pragma once

// What Linux has beyond POSIX, and Swift's Glibc module leaves out.
#include <sys/epoll.h>
#include <sys/eventfd.h>

// accept4(2), which the C library declares only for GNU sources, and Swift's Glibc module is none. Declared under a name
// and with types of its own, since including <sys/socket.h> here would make this module the owner of its types.
extern int linux_accept4(int descriptor, void *address, unsigned int *length, int flags) __asm__("accept4");

// preadv2(2), for the same reason: `pieces` are of struct iovec.
extern long linux_preadv2(int descriptor, const void *pieces, int count, long offset, int flags) __asm__("preadv2");

// sendfile(2), whose header Swift's Glibc module leaves out.
extern long linux_sendfile(int socket, int file, long *offset, unsigned long count) __asm__("sendfile");
