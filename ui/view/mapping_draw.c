#include "ui/view/mapping_draw.h"

#include "idmap/explain.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

/* So many changes of what is guarded are named. */
#define CHANGES_MOST 4

/* Where the container's side begins, in columns. */
static int middle(struct area area) {
    int column = area.columns / 2 + 4;
    return column > 34 ? 34 : column;
}

/* "left ───▶ right", the lane broken where nothing passes. */
static void draw_lane(struct area area, int row, const char *left, bool open, const char *right) {
    int column = draw_text(area, row, 1, STYLE_PLAIN, left) + 1, end = middle(area);
    enum style style = open ? STYLE_GOOD : STYLE_BAD;
    for (int at = column; at < end - 2; at++)
        draw_text(area, row, at, style, theme_glyph(GLYPH_LINE));
    if (!open && column + 2 < end)
        draw_text(area, row, (column + end) / 2 - 1, style, theme_glyph(GLYPH_NO));
    draw_text(area, row, end - 2, style, theme_glyph(GLYPH_ARROW));
    draw_text(area, row, end, STYLE_PLAIN, right);
}

static const char *user_name(uid_t uid) {
    const struct passwd *entry = getpwuid(uid);
    return entry ? entry->pw_name : "host";
}

static const char *group_name(gid_t gid) {
    const struct group *entry = getgrgid(gid);
    return entry ? entry->gr_name : "host";
}

/* A blank line where there is room for such. */
static int gap(struct area area, int row) {
    return area.rows < 16 ? row : row + 1;
}

static const char *inside_name(const struct idmap_facts *facts, unsigned int id, bool group) {
    if (id == IDMAP_NOBODY)
        return group ? "nogroup" : "nobody";
    return id == (group ? facts->code.gid : facts->code.uid) ? "code" : "?";
}

static int draw_ids(const struct mapping *mapping, struct area area, int row) {
    const struct idmap_facts *facts = &mapping->facts;
    const struct idmap_decision *decision = &mapping->decision;
    bool refused = decision->method == IDMAP_REFUSED, unknown = facts->source == IDMAP_FROM_NOWHERE,
         other = *facts->machine;
    _cleanup_free_ char *uid = unknown ? str_copy("?        uid ?")
                                       : str_printf("%-8.8s uid %u",
                                                    other ? "there" : user_name(facts->host.uid),
                                                    facts->host.uid),
                        *gid = unknown ? str_copy("?        gid ?")
                                       : str_printf("%-8.8s gid %u",
                                                    other ? "there" : group_name(facts->host.gid),
                                                    facts->host.gid),
                        *code_uid = str_printf("code  uid %u", facts->code.uid),
                        *code_gid = str_printf("code  gid %u", facts->code.gid);
    _cleanup_free_ char *machine = draw_shorten(other ? facts->machine : "host", middle(area) - 4);
    draw_text(area, row, 1, STYLE_DIM, machine);
    draw_text(area, row++, middle(area), STYLE_DIM, "container");
    draw_lane(area, row++, uid, !refused, code_uid);
    draw_lane(area, row++, gid, !refused && decision->group_mapped, code_gid);
    return row;
}

static int draw_workspace(const struct mapping *mapping, struct area area, int row) {
    const struct idmap_facts *facts = &mapping->facts;
    const struct idmap_view *view = &mapping->decision.view;
    bool refused = mapping->decision.method == IDMAP_REFUSED;
    _cleanup_free_ char *path = draw_path(mapping->workspace),
                        *with = facts->elsewhere ? str_copy(path)
                                                 : str_printf("%s (%s)", path, facts->filesystem),
                        *short_path = draw_shorten_left(with, middle(area) - 5),
                        *owner = str_printf("owner %u:%u mode %04o", facts->owner.uid, facts->owner.gid,
                                            facts->mode);
    row = gap(area, row);
    draw_lane(area, row++, short_path, !refused, "/workspace");
    draw_text(area, row, 1, STYLE_PLAIN, facts->elsewhere ? "not looked at from here" : owner);
    if (refused || facts->source == IDMAP_FROM_NOWHERE)
        return row + 1;
    draw_format(area, row++, middle(area), STYLE_PLAIN, "seen as %s:%s",
                inside_name(facts, view->seen.uid, false), inside_name(facts, view->seen.gid, true));
    if (view->writable && view->made_gid_known)
        draw_format(area, row++, 1, STYLE_PLAIN, "new files  %u:%u on the host", view->made.uid,
                    view->made.gid);
    else if (view->writable)
        draw_format(area, row++, 1, STYLE_PLAIN, "new files  %u:(a group of the container's own)",
                    view->made.uid);
    return row;
}

static int draw_method(const struct mapping *mapping, struct area area, int row) {
    const struct idmap_decision *decision = &mapping->decision;
    _cleanup_free_ char *raw = explain_raw(decision->raw),
                        *reason = explain_reason(&mapping->facts, decision),
                        *because = str_printf("because %s", reason);
    row = gap(area, row);
    if (decision->method == IDMAP_REFUSED)
        draw_text(area, row++, 1, STYLE_BAD, "refused: nothing will be launched");
    else if (decision->shift)
        draw_text(area, row++, 1, STYLE_STRONG, "shift on   raw.idmap none");
    else
        draw_format(area, row++, 1, STYLE_STRONG, "raw.idmap  %s   shift off", raw);
    return draw_wrapped(area, row, 1, decision->method == IDMAP_REFUSED ? STYLE_BAD : STYLE_PLAIN, because);
}

/* A line with a tick, a cross or a warning before it. */
static int draw_check(struct area area, int row, enum glyph glyph, const char *text) {
    enum style style = glyph == GLYPH_YES ? STYLE_GOOD : glyph == GLYPH_NO ? STYLE_BAD : STYLE_WARNING;
    draw_text(area, row, 1, style, theme_glyph(glyph));
    return draw_wrapped(area, row, 3, glyph == GLYPH_YES ? STYLE_PLAIN : style, text);
}

static int draw_delegation(const struct mapping *mapping, struct area area, int row) {
    const struct idmap_facts *facts = &mapping->facts;
    bool uid = facts->uid_delegation != IDMAP_NOT_DELEGATED,
         gid = facts->gid_delegation != IDMAP_NOT_DELEGATED;
    if (facts->host.uid == 0 || mapping->decision.method == IDMAP_SHIFT ||
        facts->uid_delegation == IDMAP_UNREAD)
        return row;
    _cleanup_free_ char *good = str_printf("delegated: %s root:%u:1", uid ? "uid" : "gid",
                                           uid ? facts->host.uid : facts->host.gid),
                        *both = str_printf("delegated: uid root:%u:1, gid root:%u:1", facts->host.uid,
                                           facts->host.gid),
                        *no_uid = str_printf("not delegated: uid root:%u:1", facts->host.uid),
                        *no_gid = str_printf("not delegated: gid root:%u:1", facts->host.gid);
    if (uid || gid)
        row = draw_check(area, row, GLYPH_YES, uid && gid ? both : good);
    if (!uid)
        row = draw_check(area, row, GLYPH_NO, no_uid);
    if (!gid && facts->host.gid != 0)
        row = draw_check(area, row, GLYPH_WARNING, no_gid);
    return row;
}

/* What the container really has, beside what its workspace needs. */
static int draw_reality(const struct mapping *mapping, struct area area, int row) {
    const struct inspection *real = &mapping->inspection;
    if (!mapping->inspected || !*real->source)
        return row;
    _cleanup_free_ char *raw = explain_raw(real->raw);
    if (mapping_differs(mapping)) {
        _cleanup_free_ char *line =
            str_printf("the container has %s: stop it, then enter starts it and offers what is needed",
                       real->shift ? "shift"
                       : *raw      ? raw
                                   : "no mapping");
        row = draw_check(area, row, GLYPH_NO, line);
    }
    if (!real->seen_known)
        return row;
    _cleanup_free_ char *seen =
        str_printf("%s: /workspace is seen as %u:%u%s",
                   !real->holds     ? "NOT AS PREDICTED"
                   : real->writable ? "verified"
                                    : "not code's",
                   real->seen.uid, real->seen.gid, real->holds && real->writable ? ", code owns it" : "");
    return draw_check(area, row, real->holds && real->writable ? GLYPH_YES : GLYPH_NO, seen);
}

static int draw_strangers(const struct mapping *mapping, struct area area, int row) {
    _cleanup_(strings_done) struct strings lines = {0};
    if (ownership_strangers(&mapping->owners, &mapping->facts, &mapping->decision) == 0)
        return row;
    ownership_lines(&mapping->owners, &mapping->facts, &mapping->decision, &lines);
    _cleanup_free_ char *first = str_printf("entries: %s", lines.items[0]);
    row = draw_check(area, row, GLYPH_WARNING, first);
    for (size_t i = 1; i < lines.count; i++)
        row = draw_wrapped(area, row, 3, STYLE_PLAIN, lines.items[i]);
    return draw_wrapped(area, row, 3, STYLE_DIM, "berth idmap --fix-owners gives them to you");
}

static int draw_advice(const struct mapping *mapping, const char *copy_key, struct area area, int row) {
    _cleanup_(strings_done) struct strings warnings = {0}, remedies = {0};
    explain_warnings(&mapping->facts, &mapping->decision, &warnings);
    mapping_remedies(mapping, &remedies);
    for (size_t i = 0; i < warnings.count; i++)
        row = draw_check(area, row, GLYPH_WARNING, warnings.items[i]);
    for (size_t i = 0; i < remedies.count; i++) {
        if (i == 0)
            draw_format(area, row++, 1, STYLE_DIM, "to do (%s copies):", copy_key);
        row = draw_wrapped(area, row, 3, STYLE_STRONG, remedies.items[i]);
    }
    return row;
}

/* In a line; each change in one of its own, impossible to overlook. */
static int draw_guard(const struct mapping *mapping, struct area area, int row) {
    const struct protection *protection = &mapping->protection;
    if (mapping->guard_err.class)
        return draw_check(area, row, GLYPH_NO, mapping->guard_err.message);
    if (!protection->guard.root_count)
        return row;
    _cleanup_free_ char *words = protection_words(protection), *line = str_printf("guard      %s", words);
    row = draw_wrapped(area, row, 1, STYLE_PLAIN, line);
    for (size_t i = 0; i < protection->changes.count && i < CHANGES_MOST; i++) {
        _cleanup_free_ char *text = change_text(&protection->changes, &protection->changes.items[i]);
        row = draw_check(area, row, GLYPH_NO, text);
    }
    if (protection->changes.count > CHANGES_MOST)
        draw_format(area, row++, 3, STYLE_BAD, "and %zu more: c shows all",
                    protection->changes.count - CHANGES_MOST);
    for (size_t i = 0; i < protection->guard.warnings.count; i++)
        row = draw_check(area, row, GLYPH_WARNING, protection->guard.warnings.items[i]);
    if (guard_has_config(&protection->guard))
        row = draw_wrapped(area, row, 1, STYLE_DIM,
                           "git config, git remote add and git push -u cannot write .git/config inside");
    return row;
}

void mapping_copy(struct host *host, const struct mapping *mapping, const char *else_text) {
    _cleanup_(strings_done) struct strings remedies = {0};
    mapping_remedies(mapping, &remedies);
    _cleanup_free_ char *text = remedies.count ? strings_join(&remedies, "\n") : str_copy(else_text);
    if (!text)
        return;
    term_copy(text);
    host->say(host, STYLE_GOOD, "copied: %s", text);
}

int mapping_draw(const struct mapping *mapping, const char *copy_key, struct area area) {
    if (!mapping->workspace)
        return 0;
    if (!mapping->known) {
        int row = draw_check(area, 0, GLYPH_NO, mapping->err.message ? mapping->err.message : "");
        for (size_t i = 0; i < mapping->err.hints.count; i++)
            row = draw_wrapped(area, row, 3, STYLE_PLAIN, mapping->err.hints.items[i]);
        return row;
    }
    /* where there is little room, what is wrong and what to type come before the picture */
    bool brief = area.rows < 8 || (area.rows < 12 && mapping_is_bad(mapping));
    int row = 0;
    if (!brief) {
        row = draw_ids(mapping, area, row);
        row = draw_workspace(mapping, area, row);
    }
    row = draw_method(mapping, area, row);
    if (!brief)
        row = draw_delegation(mapping, area, row);
    row = draw_reality(mapping, area, row);
    row = draw_strangers(mapping, area, row);
    row = draw_guard(mapping, area, row);
    return draw_advice(mapping, copy_key, area, row);
}
