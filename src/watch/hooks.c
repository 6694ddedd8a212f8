#include "watch/hooks.h"

#include "base/json.h"
#include "incus/capture.h"
#include "launch/plan.h"

#include <string.h>

#define SAY       "tmux set-option -p @berth "
#define TEXT_MAX  (96u << 10) /* it is an argument: execve(2), MAX_ARG_STRLEN */
#define NOT_THERE 3

/* What an agent's notification says is in the JSON that its hook reads; a reader of JSON may not be there.
 */
#define MESSAGE "$(sed -n 's/.*\"message\" *: *\"\\([^\"]*\\)\".*/\\1/p' | cut -c1-200)"

/*
 * https://docs.anthropic.com/en/docs/claude-code/hooks, https://github.com/openai/codex (docs/config.md,
 * "notify"), https://aider.chat/docs/usage/notifications.html
 */
const struct agent_hooks agent_hooks[] = {
    {"claude", ".claude/settings.json", NULL, "working, waiting with its message, done"},
    {"codex", ".codex/config.toml", "notify = [\"sh\", \"-c\", \"" SAY "done\"]\n",
     "done, at the end of a turn"},
    {"aider", ".aider.conf.yml", "notifications: true\nnotifications-command: " SAY "'waiting: for you'\n",
     "waiting, when it is your turn"},
    {NULL, NULL, NULL, NULL}};

static const struct {
    const char *event, *command;
} claude_events[] = {
    {"UserPromptSubmit", SAY "working"},
    {"PreToolUse", SAY "working"},
    {"Notification", SAY "\"waiting: " MESSAGE "\""},
    {"Stop", SAY "done"},
    {"SessionEnd", "tmux set-option -pu @berth"},
};

const struct agent_hooks *hooks_find(const char *agent, struct error *err) {
    _cleanup_(strings_done) struct strings names = {0};
    for (const struct agent_hooks *hooks = agent_hooks; hooks->agent; hooks++) {
        if (str_equal(hooks->agent, agent))
            return hooks;
        strings_add(&names, hooks->agent);
    }
    _cleanup_free_ char *shown = str_shown(agent), *list = strings_join(&names, ", ");
    error_set(err, ERROR_USAGE, "no hooks are known for \"%s\"", shown);
    error_hint(err, "they are for %s; whatever else runs in a session can say: " SAY "'waiting: …'", list);
    return NULL;
}

static bool has_command(const json_t *matchers, const char *command) {
    size_t i, j;
    const json_t *matcher, *hook;
    json_array_foreach(matchers, i, matcher) {
        json_array_foreach(json_object_get(matcher, "hooks"), j, hook) {
            if (str_equal(json_get_str(hook, "command"), command))
                return true;
        }
    }
    return false;
}

/* settings.hooks.EVENT[] = {matcher, hooks: [{type, command}]} */
static bool merge_claude(json_t *settings, struct error *err) {
    json_t *hooks = json_object_get(settings, "hooks");
    if (!hooks) {
        hooks = json_object();
        json_object_set_new(settings, "hooks", hooks);
    }
    for (size_t i = 0; json_is_object(hooks) && i < array_length(claude_events); i++) {
        json_t *matchers = json_object_get(hooks, claude_events[i].event);
        if (!matchers) {
            matchers = json_array();
            json_object_set_new(hooks, claude_events[i].event, matchers);
        }
        if (!json_is_array(matchers))
            return error_set(err, ERROR_FAILED, "hooks.%s is no list there", claude_events[i].event);
        if (!has_command(matchers, claude_events[i].command))
            json_array_append_new(matchers,
                                  json_pack("{s:s, s:[{s:s, s:s}]}", "matcher", "", "hooks", "type",
                                            "command", "command", claude_events[i].command));
    }
    return json_is_object(hooks) || error_set(err, ERROR_FAILED, "\"hooks\" is no object there");
}

static char *merge_json(const char *text, struct error *err) {
    _cleanup_json_ json_t *settings =
        text[strspn(text, " \t\r\n")] ? json_parse(text, strlen(text), "the settings", err) : json_object();
    if (!settings)
        return NULL;
    if (!json_is_object(settings)) {
        error_set(err, ERROR_FAILED, "the settings are no JSON object");
        return NULL;
    }
    if (!merge_claude(settings, err))
        return NULL;
    _cleanup_free_ char *merged = json_dumps(settings, JSON_INDENT(2));
    return str_printf("%s\n", merged);
}

/* Whether a line begins with this key. */
static bool has_key(const char *text, const char *key, size_t length) {
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        line += strspn(line, " \t");
        size_t blank = strncmp(line, key, length) == 0 ? strspn(line + length, " \t") : 0;
        if (strncmp(line, key, length) == 0 && strchr("=:", line[length + blank]) && line[length + blank])
            return true;
    }
    return false;
}

/* Lines of "KEY = …" or "KEY: …", before everything else: in TOML a section would swallow them. */
static char *merge_lines(const struct agent_hooks *hooks, const char *text, struct error *err) {
    if (strstr(text, hooks->lines))
        return str_copy(text);
    for (const char *line = hooks->lines; *line; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, " :=");
        if (!has_key(text, line, length))
            continue;
        error_set(err, ERROR_FAILED, "~/%s says something else for %.*s already", hooks->file, (int)length,
                  line);
        error_hint(err, "berth hooks %s prints the lines", hooks->agent);
        return NULL;
    }
    return str_printf("%s%s", hooks->lines, text);
}

char *hooks_merge(const struct agent_hooks *hooks, const char *text, struct error *err) {
    return hooks->lines ? merge_lines(hooks, text, err) : merge_json(text, err);
}

static bool run(const struct inside *inside, struct strings *command, struct capture *capture,
                struct error *err) {
    struct exec_request request = {.command = command->items,
                                   .uid = inside->code.uid,
                                   .gid = inside->code.gid,
                                   .cwd = "/",
                                   .environment = inside->environment};
    return exec_capture(inside->client, inside->name, &request, TEXT_MAX + 1, capture, err);
}

static void begin(const struct inside *inside, struct strings *command) {
    if (inside->no_root)
        plan_add_no_root(command);
}

static bool read_settings(const struct inside *inside, const struct agent_hooks *hooks,
                          struct capture *capture, struct error *err) {
    _cleanup_(strings_done) struct strings command = {0};
    begin(inside, &command);
    strings_add_all(&command, "sh", "-c", "cd && { [ -e \"$1\" ] || exit 3; cat -- \"$1\"; }", "sh",
                    hooks->file, NULL);
    if (!run(inside, &command, capture, err))
        return false;
    if (capture->status == 0 || capture->status == NOT_THERE)
        return capture->out.size <= TEXT_MAX ||
               error_set(err, ERROR_FAILED, "~/%s is too long", hooks->file);
    _cleanup_free_ char *words = str_shown(capture->err.data ? capture->err.data : "");
    return error_set(err, ERROR_FAILED, "~/%s cannot be read in %s: %s", hooks->file, inside->name, words);
}

/* As a whole or not at all: a full disk leaves what was there. A link stays one. */
static bool write_settings(const struct inside *inside, const struct agent_hooks *hooks, const char *text,
                           struct error *err) {
    _cleanup_(strings_done) struct strings command = {0};
    _cleanup_(capture_done) struct capture capture = {0};
    begin(inside, &command);
    strings_add_all(&command, "sh", "-c",
                    "set -e; cd; umask 077; mkdir -p \"$(dirname \"$1\")\"\n"
                    "to=$(readlink -f \"$1\"); [ ! -e \"$to\" ] || cp -p \"$to\" \"$to.berth\"\n"
                    "printf %s \"$2\" >\"$to.berth\"; mv -f \"$to.berth\" \"$to\"",
                    "sh", hooks->file, text, NULL);
    if (!run(inside, &command, &capture, err))
        return false;
    if (capture.status == 0)
        return true;
    _cleanup_free_ char *words = str_shown(capture.err.data ? capture.err.data : "");
    return error_set(err, ERROR_FAILED, "~/%s cannot be written in %s: %s", hooks->file, inside->name,
                     words);
}

bool hooks_install(const struct inside *inside, const struct agent_hooks *hooks, bool *changed,
                   struct error *err) {
    _cleanup_(capture_done) struct capture now = {0};
    if (!read_settings(inside, hooks, &now, err))
        return false;
    const char *text = now.out.data && now.status == 0 ? now.out.data : "";
    _cleanup_free_ char *merged = hooks_merge(hooks, text, err);
    if (!merged) {
        error_prefix(err, "~/%s in %s", hooks->file, inside->name);
        return false;
    }
    *changed = !str_equal(merged, text);
    return !*changed || write_settings(inside, hooks, merged, err);
}
