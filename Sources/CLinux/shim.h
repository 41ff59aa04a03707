#pragma once

// What Linux has beyond POSIX, and Swift's Glibc module leaves out.
#include <sys/epoll.h>
#include <sys/eventfd.h>

// accept4(2), which the C library declares only for GNU sources, and Swift's Glibc module is none. Declared under a name
// and with types of its own, since including <sys/socket.h> here would make this module the owner of its types.
extern int linux_accept4(int descriptor, void *address, unsigned int *length, int flags) __asm__("accept4");
