/*
 * Session records in coi's place and format: ~/.coi/sessions-TOOL/UUID/metadata.json with
 * session_id, container_name, persistent, workspace, saved_at. Those of a remote's sessions, which coi
 * knows nothing of, lie in $XDG_STATE_HOME/berth/remotes/NAME instead of ~/.coi.
 */
#pragma once

#include "base/json.h"

struct record {
    char *tool; /* from the folder's name */
    char *id;
    char *container;
    char *workspace;
    char *saved_at;
    bool persistent;
    char *folder; /* of the record, absolute */
    int64_t data; /* the bytes of the tool's data that were kept (session/data.h); -1: none were */
};

struct records {
    struct record *items;
    size_t count;
    struct strings unreadable; /* "PATH: why", of records that are none */
    bool loaded;
    const char *remote; /* whose sessions: a remote's, by its name; NULL: this machine's daemon. Lent */
};

/* An id for a new one: a random UUID (RFC 9562, version 4). Caller owns. */
char *record_new_id(void) nodiscard;
/* Fills a new one in, saved_at aside; every text is copied. `remote` as in struct records. */
void record_init(struct record *record, const char *remote, const char *tool, const char *id,
                 const char *container, const char *workspace, bool persistent);
void record_done(struct record *record);
/* Writes it where it belongs, with the present time: whole, or not at all. */
bool record_save(struct record *record, struct error *err) nodiscard;
/* Removes its folder and what is in there; no error if it is gone. */
bool record_remove(const struct record *record, struct error *err) nodiscard;

/* Where the tool's data is kept: a tar file. Caller owns. */
char *record_data_file(const struct record *record) nodiscard;

/* How much of it is kept: "1.2 MB", or "none". Caller owns. */
char *record_data_words(const struct record *record) nodiscard;

/* As `list --all` and `info` print it. A new reference. */
json_t *record_json(const struct record *record) nodiscard;

/* Those of records that are asked for, lent; NULL if there is none. */
const struct record *records_of_container(const struct records *records, const char *container);
/* By its id, or what it begins with if that is enough to tell. */
const struct record *records_of_id(const struct records *records, const char *id, struct error *err);
const struct record *records_of_workspace(const struct records *records, const char *workspace);

/* Reads all there are of records->remote, newest first; a folder that is missing holds none. Cannot fail:
 * what cannot be read is named in `unreadable`. */
void records_load(struct records *records);
/* Empty again; it remains that remote's. */
void records_done(struct records *records);

/*
 * Removes the records of a container, but for those that keep data, which are resumed with it. One that
 * cannot be is found again by `clean --sessions`.
 */
void records_forget(const char *remote, const char *container);
