#pragma once

// Compiles a function once per level of the processor's vector instructions and picks one at load time.
// The resolvers run before the thread sanitizer's runtime is up, so they are left out there.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

#define CK_INLINE static inline __attribute__((always_inline))
