#include "incus/sftp.h"

#include <string.h>
#include <sys/stat.h>

enum packet {
    PACKET_INIT = 1,
    PACKET_VERSION = 2,
    PACKET_CLOSE = 4,
    PACKET_OPENDIR = 11,
    PACKET_READDIR = 12,
    PACKET_STATUS = 101,
    PACKET_HANDLE = 102,
    PACKET_NAME = 104
};
enum { HAS_SIZE = 1, HAS_OWNER = 2, HAS_MODE = 4, HAS_TIMES = 8, HAS_MORE = 1u << 31 };

#define VERSION      3
#define WINDOW       32 /* directories at one time */
#define PACKET_LIMIT (1u << 20)

/* A directory that is being read. */
struct reading {
    char *path; /* NULL: this place is free */
    char *handle;
    size_t handle_size;
    enum packet asked; /* what the next answer is to */
};

struct sftp {
    const struct strings *skip;
    size_t most;
    bool begun;             /* the versions have been exchanged */
    struct strings waiting; /* directories that were not asked for yet */
    size_t next;            /* the first of them */
    struct reading readings[WINDOW];
    size_t active;
    struct sftp_entries found;
    size_t room;
    struct buffer in, out;
};

/* What is left of a packet; reading beyond its end makes it bad, and gives nothing. */
struct reader {
    const unsigned char *at;
    size_t left;
    bool bad;
};

void sftp_entries_done(struct sftp_entries *entries) {
    for (size_t i = 0; i < entries->count; i++)
        free(entries->items[i].path);
    free(entries->items);
    *entries = (struct sftp_entries){0};
}

/* A slash comes before every other character. */
static int rank(char letter) {
    return letter == '/' ? 1 : letter ? (unsigned char)letter + 1 : 0;
}

int sftp_path_order(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return rank(*a) - rank(*b);
}

static int by_path(const void *a, const void *b) {
    const struct sftp_entry *one = a, *other = b;
    return sftp_path_order(one->path, other->path);
}

void sftp_entries_sort(struct sftp_entries *entries) {
    if (entries->count)
        qsort(entries->items, entries->count, sizeof *entries->items, by_path);
}

static uint32_t read_number(struct reader *reader) {
    if (reader->left < 4) {
        reader->bad = true;
        reader->left = 0;
        return 0;
    }
    const unsigned char *at = reader->at;
    reader->at += 4;
    reader->left -= 4;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static const char *read_string(struct reader *reader, size_t *size) {
    *size = read_number(reader);
    if (*size > reader->left) {
        reader->bad = true;
        reader->left = *size = 0;
    }
    const char *text = (const char *)reader->at;
    reader->at += *size;
    reader->left -= *size;
    return text;
}

static void add_number(struct buffer *out, uint32_t number) {
    unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                              (unsigned char)(number >> 8), (unsigned char)number};
    buffer_add(out, bytes, sizeof bytes);
}

static void add_byte(struct buffer *out, enum packet packet) {
    unsigned char byte = (unsigned char)packet;
    buffer_add(out, &byte, 1);
}

/* A request about a path or a handle; its id is the place of its reading. */
static void ask(struct sftp *sftp, size_t place, enum packet packet, const char *text, size_t size) {
    add_number(&sftp->out, (uint32_t)(1 + 4 + 4 + size));
    add_byte(&sftp->out, packet);
    add_number(&sftp->out, (uint32_t)place);
    add_number(&sftp->out, (uint32_t)size);
    buffer_add(&sftp->out, text, size);
    sftp->readings[place].asked = packet;
}

struct sftp *sftp_new(const struct strings *skip, size_t most) {
    struct sftp *sftp = mem_new(sizeof *sftp);
    *sftp = (struct sftp){.skip = skip, .most = most};
    strings_add(&sftp->waiting, "/");
    add_number(&sftp->out, 5);
    add_byte(&sftp->out, PACKET_INIT);
    add_number(&sftp->out, VERSION);
    return sftp;
}

static void reading_done(struct reading *reading) {
    free(reading->path);
    free(reading->handle);
    *reading = (struct reading){0};
}

void sftp_free(struct sftp *sftp) {
    if (!sftp)
        return;
    for (size_t i = 0; i < WINDOW; i++)
        reading_done(&sftp->readings[i]);
    strings_done(&sftp->waiting);
    sftp_entries_done(&sftp->found);
    buffer_done(&sftp->in);
    buffer_done(&sftp->out);
    free(sftp);
}

struct buffer *sftp_out(struct sftp *sftp) {
    return &sftp->out;
}

bool sftp_is_done(const struct sftp *sftp) {
    return sftp->begun && sftp->active == 0 && sftp->next == sftp->waiting.count;
}

struct sftp_entries sftp_take(struct sftp *sftp) {
    struct sftp_entries found = sftp->found;
    sftp->found = (struct sftp_entries){0};
    sftp->room = 0;
    return found;
}

/* As many directories as may be read at one time. */
static void ask_more(struct sftp *sftp) {
    for (size_t i = 0; i < WINDOW && sftp->next < sftp->waiting.count; i++) {
        struct reading *reading = &sftp->readings[i];
        if (reading->path)
            continue;
        reading->path = sftp->waiting.items[sftp->next];
        sftp->waiting.items[sftp->next++] = NULL;
        sftp->active++;
        ask(sftp, i, PACKET_OPENDIR, reading->path, strlen(reading->path));
    }
}

static void read_attributes(struct reader *reader, struct sftp_entry *entry) {
    uint32_t flags = read_number(reader);
    if (flags & HAS_SIZE) {
        uint64_t high = read_number(reader);
        entry->size = high << 32 | read_number(reader);
    }
    if (flags & HAS_OWNER) {
        entry->uid = read_number(reader);
        entry->gid = read_number(reader);
    }
    if (flags & HAS_MODE)
        entry->mode = read_number(reader);
    if (flags & HAS_TIMES) {
        read_number(reader); /* of the last access */
        entry->mtime = read_number(reader);
    }
    for (uint32_t more = flags & HAS_MORE ? read_number(reader) : 0; more && !reader->bad; more--) {
        size_t ignored;
        read_string(reader, &ignored);
        read_string(reader, &ignored);
    }
}

static void add_entry(struct sftp *sftp, struct sftp_entry entry) {
    if (sftp->found.count == sftp->room) {
        sftp->room = sftp->room ? 2 * sftp->room : 1024;
        sftp->found.items = mem_grow(sftp->found.items, sftp->room * sizeof *sftp->found.items);
    }
    sftp->found.items[sftp->found.count++] = entry;
    if (S_ISDIR(entry.mode) && !strings_has(sftp->skip, entry.path))
        strings_add(&sftp->waiting, entry.path);
}

static bool is_a_name(const char *name, size_t size) {
    return size && !memchr(name, '/', size) && !memchr(name, 0, size);
}

static void take_names(struct sftp *sftp, const struct reading *reading, struct reader *reader) {
    const char *parent = str_equal(reading->path, "/") ? "" : reading->path;
    for (uint32_t count = read_number(reader); count && !reader->bad; count--) {
        struct sftp_entry entry = {0};
        size_t size, ignored;
        const char *name = read_string(reader, &size);
        read_string(reader, &ignored); /* the line that ls(1) would print */
        read_attributes(reader, &entry);
        bool itself = (size == 1 && name[0] == '.') || (size == 2 && name[0] == '.' && name[1] == '.');
        if (reader->bad || itself || !is_a_name(name, size))
            continue;
        _cleanup_free_ char *text = str_copy_n(name, size);
        entry.path = str_printf("%s/%s", parent, text);
        add_entry(sftp, entry);
    }
}

/* A directory that is gone or cannot be read has nothing in it. */
static void take_status(struct sftp *sftp, size_t place) {
    struct reading *reading = &sftp->readings[place];
    if (reading->asked == PACKET_READDIR) {
        ask(sftp, place, PACKET_CLOSE, reading->handle, reading->handle_size);
        return;
    }
    reading_done(reading);
    sftp->active--;
}

static bool take_answer(struct sftp *sftp, enum packet packet, struct reader *reader) {
    size_t place = read_number(reader);
    struct reading *reading = place < WINDOW ? &sftp->readings[place] : NULL;
    if (!reading || !reading->path)
        return false;
    if (packet == PACKET_HANDLE && reading->asked == PACKET_OPENDIR && !reading->handle) {
        const char *handle = read_string(reader, &reading->handle_size);
        reading->handle = mem_new(reading->handle_size + 1); /* any bytes */
        memcpy(reading->handle, handle, reading->handle_size);
        ask(sftp, place, PACKET_READDIR, reading->handle, reading->handle_size);
    } else if (packet == PACKET_NAME && reading->asked == PACKET_READDIR) {
        take_names(sftp, reading, reader);
        ask(sftp, place, PACKET_READDIR, reading->handle, reading->handle_size);
    } else if (packet == PACKET_STATUS) {
        take_status(sftp, place);
    } else {
        return false;
    }
    return !reader->bad;
}

static bool take_packet(struct sftp *sftp, const unsigned char *bytes, size_t size, struct error *err) {
    struct reader reader = {bytes + 1, size - 1, false};
    enum packet packet = bytes[0];
    bool good = sftp->begun ? take_answer(sftp, packet, &reader) : packet == PACKET_VERSION;
    sftp->begun = true;
    if (!good)
        return error_set(err, ERROR_FAILED, "the daemon's answer is no SFTP: packet %d", packet);
    if (sftp->found.count > sftp->most)
        return error_set(err, ERROR_FAILED, "more than %zu files", sftp->most);
    ask_more(sftp);
    return true;
}

bool sftp_feed(struct sftp *sftp, const void *bytes, size_t size, struct error *err) {
    buffer_add(&sftp->in, bytes, size);
    size_t at = 0;
    bool good = true;
    while (good && sftp->in.size - at >= 4) {
        struct reader reader = {(const unsigned char *)sftp->in.data + at, sftp->in.size - at, false};
        size_t length = read_number(&reader);
        if (length == 0 || length > PACKET_LIMIT)
            return error_set(err, ERROR_FAILED, "the daemon's answer is no SFTP: a packet of %zu bytes",
                             length);
        if (length > reader.left)
            break;
        good = take_packet(sftp, reader.at, length, err);
        at += 4 + length;
    }
    buffer_drop(&sftp->in, at);
    return good;
}
