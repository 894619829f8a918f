/*
 * Makes calls on files below one folder fail, fall short, be interrupted, take long or lie: for the fault campaign (./faults).
 *   gcc -shared -fPIC -O2 -o failing-calls.so failing-calls.c -ldl
 *   LD_PRELOAD=failing-calls.so FAILING_CALLS=CONTROL_FILE program …
 * The control file is mapped by both sides, so that faults are planted and lifted while the program runs. The .NET runtime
 * looks functions up in the library that dlopen("libc.so.6") gives it, past LD_PRELOAD; that call is given this library
 * instead, whose dependency is the C library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, PWRITE = 2, FDATASYNC = 4, FSYNC = 8, RENAME = 16, FTRUNCATE = 32, FALLOCATE = 64, UNLINK = 128, PREAD = 256 };
enum { FAIL = 0, SHORT = 1, INTERRUPT = 2, DELAY = 3, LIE = 4 };

struct control {
    int32_t calls;     /* which calls are hit; 0: none */
    int32_t mode;
    int32_t error;     /* of FAIL */
    int32_t skip;      /* matching calls that pass before the first that is hit */
    int32_t times;     /* how many are hit; negative: all */
    int32_t delay_ms;  /* of DELAY */
    int32_t hits;      /* told: calls hit so far */
    int32_t seen;      /* told: matching calls so far */
    char folder[1024];
};

static struct control *control;

__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv("FAILING_CALLS");
    if (!path) return;
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int fd = real_open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED) control = at;
}

static int is_below(const char *path)
{
    size_t n = strlen(control->folder);
    return n > 0 && strncmp(path, control->folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* Whether this call is hit. DELAY is served here, the rest by the caller. */
static int is_hit(int call, const char *path, int fd)
{
    if (!control || !(__atomic_load_n(&control->calls, __ATOMIC_ACQUIRE) & call)) return 0;
    char name[PATH_MAX];
    if (!path) {
        char link[48];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, name, sizeof name - 1);
        if (n <= 0) return 0;
        name[n] = 0;
        path = name;
    }
    if (!is_below(path)) return 0;
    int32_t number = __atomic_fetch_add(&control->seen, 1, __ATOMIC_ACQ_REL) - control->skip;
    if (number < 0 || (control->times >= 0 && number >= control->times)) return 0;
    __atomic_fetch_add(&control->hits, 1, __ATOMIC_ACQ_REL);
    if (control->mode != DELAY) return 1;
    struct timespec pause = { control->delay_ms / 1000, (control->delay_ms % 1000) * 1000000L };
    nanosleep(&pause, NULL);
    return 0;
}

static int fails(int call, const char *path, int fd)
{
    if (!is_hit(call, path, fd) || control->mode == SHORT || control->mode == LIE) return 0;
    errno = control->mode == INTERRUPT ? EINTR : control->error;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
}

#define OPEN_LIKE(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(int, #name, const char *, int, ...); \
        va_list rest; \
        va_start(rest, flags); \
        int mode = mode_of(flags, rest); \
        va_end(rest); \
        return fails(OPEN, path, -1) ? -1 : real(path, flags, mode); \
    }
OPEN_LIKE(open)
OPEN_LIKE(open64)

#define WRITE_LIKE(name) \
    ssize_t name(int fd, const void *data, size_t count, off_t at) \
    { \
        REAL(ssize_t, #name, int, const void *, size_t, off_t); \
        if (is_hit(PWRITE, NULL, fd)) { \
            if (control->mode != SHORT) { errno = control->mode == INTERRUPT ? EINTR : control->error; return -1; } \
            if (count > 1) count /= 2; \
        } \
        return real(fd, data, count, at); \
    }
WRITE_LIKE(pwrite)
WRITE_LIKE(pwrite64)

#define READ_LIKE(name) \
    ssize_t name(int fd, void *data, size_t count, off_t at) \
    { \
        REAL(ssize_t, #name, int, void *, size_t, off_t); \
        if (is_hit(PREAD, NULL, fd)) { \
            if (control->mode != SHORT) { errno = control->mode == INTERRUPT ? EINTR : control->error; return -1; } \
            if (count > 1) count /= 2; \
        } \
        return real(fd, data, count, at); \
    }
READ_LIKE(pread)
READ_LIKE(pread64)

#define FD_CALL(name, call) \
    int name(int fd) \
    { \
        REAL(int, #name, int); \
        if (control && control->mode == LIE && is_hit(call, NULL, fd)) return 0; \
        return fails(call, NULL, fd) ? -1 : real(fd); \
    }
FD_CALL(fdatasync, FDATASYNC)
FD_CALL(fsync, FSYNC)

#define TRUNCATE_LIKE(name) \
    int name(int fd, off_t length) \
    { \
        REAL(int, #name, int, off_t); \
        return fails(FTRUNCATE, NULL, fd) ? -1 : real(fd, length); \
    }
TRUNCATE_LIKE(ftruncate)
TRUNCATE_LIKE(ftruncate64)

#define ALLOCATE_LIKE(name) \
    int name(int fd, int mode, off_t at, off_t length) \
    { \
        REAL(int, #name, int, int, off_t, off_t); \
        return fails(FALLOCATE, NULL, fd) ? -1 : real(fd, mode, at, length); \
    }
ALLOCATE_LIKE(fallocate)
ALLOCATE_LIKE(fallocate64)

int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    return fails(RENAME, from, -1) ? -1 : real(from, to);
}

int unlink(const char *path)
{
    REAL(int, "unlink", const char *);
    return fails(UNLINK, path, -1) ? -1 : real(path);
}

void *dlopen(const char *name, int flags)
{
    REAL(void *, "dlopen", const char *, int);
    if (name && (strcmp(name, "libc") == 0 || strcmp(name, "libc.so.6") == 0)) {
        Dl_info self;
        if (dladdr((void *)map_control, &self) && self.dli_fname) return real(self.dli_fname, flags);
    }
    return real(name, flags);
}
