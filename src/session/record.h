/*
 * Session records in coi's place and format: ~/.coi/sessions-TOOL/UUID/metadata.json with
 * session_id, container_name, persistent, workspace, saved_at.
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
};

struct records {
    struct record *items;
    size_t count;
    struct strings unreadable; /* "PATH: why", of records that are none */
};

/* Reads all there are, newest first; a folder that is missing holds none. Cannot fail: what cannot be
 * read is named in `unreadable`. */
void records_load(struct records *records);
void records_done(struct records *records);
