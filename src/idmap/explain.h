/*
 * The decision in words and as JSON: the one place where either is written. The command line, the
 * JSON output, errors and the screen all take them from here.
 */
#pragma once

#include "base/json.h"
#include "idmap/idmap.h"

/* "shift", "raw", "refused". */
const char *explain_method(enum idmap_method method);
/* A reason's stable code for programs: "ids-differ". */
const char *explain_reason_code(enum idmap_reason reason);
/* The reason as a sentence without a full stop. Caller owns. */
char *explain_reason(const struct idmap_facts *facts, const struct idmap_decision *decision) nodiscard;
/* "Lima", "Colima", …; "none". */
const char *explain_vm(enum idmap_vm vm);
/* "yes", "no", "unknown". */
const char *explain_answer(enum idmap_answer answer);
/* raw.idmap in one line: "uid 501 1000, gid 20 1000". Caller owns. */
char *explain_raw(const char *raw) nodiscard;

/* One sentence for each warning, and one thing to do for each remedy. */
void explain_warnings(const struct idmap_facts *facts, const struct idmap_decision *decision,
                      struct strings *warnings);
void explain_remedies(const struct idmap_facts *facts, const struct idmap_decision *decision,
                      struct strings *remedies);

/* A line that is missing in one of the two files of subordinate ids. */
struct idmap_line {
    const char *file;
    char line[32]; /* "root:501:1" */
};
/* Those that the decision would need, 0 to 2 of them. */
size_t explain_lines(const struct idmap_facts *facts, const struct idmap_decision *decision,
                     struct idmap_line lines[2]);

/* An error of class ERROR_REFUSED with the reason, its hints the remedies; false, as error_set(). */
bool explain_refusal(const struct idmap_facts *facts, const struct idmap_decision *decision,
                     struct error *err);

/* Facts, decision, prediction, warnings and remedies of `workspace`, for a terminal. */
void explain_text(const char *workspace, const struct idmap_facts *facts,
                  const struct idmap_decision *decision, struct buffer *out);
/* The same for programs; a new reference. */
json_t *explain_json(const char *workspace, const struct idmap_facts *facts,
                     const struct idmap_decision *decision) nodiscard;
/* The decision alone, as plans and instances carry it; a new reference. */
json_t *explain_decision_json(const struct idmap_decision *decision) nodiscard;
