#include "build/recipe.h"

#include "base/path.h"
#include "config/ini.h"
#include "guard/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <string.h>

#define FILE_MOST 65536

void recipe_init(struct recipe *recipe) {
    *recipe = (struct recipe){.root = -1};
}

void recipe_done(struct recipe *recipe) {
    char **const texts[] = {&recipe->file,        &recipe->directory,  &recipe->name,
                            &recipe->base,        &recipe->script,     &recipe->user,
                            &recipe->description, &recipe->compression};
    for (size_t i = 0; i < array_length(texts); i++)
        free(*texts[i]);
    for (size_t i = 0; i < recipe->file_count; i++) {
        free(recipe->files[i].source);
        free(recipe->files[i].path);
    }
    free(recipe->files);
    strings_done(&recipe->packages);
    strings_done(&recipe->requires);
    strings_done(&recipe->run);
    if (recipe->root >= 0)
        close(recipe->root);
    recipe_init(recipe);
}

struct parse {
    struct ini_text text;
    struct recipe *recipe;
};

/* inih takes "; …" behind a blank for a comment: of a line for sh a part would be lost without a word. */
static bool is_whole(const struct ini_text *text, const char *line) {
    const char *key = line + strspn(line, " \t");
    if (!str_starts(key, "run") || (!strstr(line, " ;") && !strstr(line, "\t;")))
        return true;
    error_set(text->err, ERROR_USAGE, "%s:%d: \" ;\" begins a comment, and what is behind it would be lost",
              text->file, text->line);
    error_hint(text->err, "without the blank it does not: \"a; b\"; or a script");
    return false;
}

/* Words with blanks or commas between them. */
static void add_words(struct strings *words, const char *text) {
    _cleanup_free_ char *copy = str_copy(text);
    for (char *at = copy; *at; at++)
        *at = *at == ',' ? ' ' : *at;
    words_split(copy, words);
}

static bool take_text(struct recipe *recipe, const char *key, const char *value) {
    const struct {
        const char *key;
        char **text;
    } texts[] = {{"name", &recipe->name},
                 {"base", &recipe->base},
                 {"script", &recipe->script},
                 {"user", &recipe->user},
                 {"description", &recipe->description},
                 {"compression", &recipe->compression}};
    for (size_t i = 0; i < array_length(texts); i++) {
        if (!str_equal(texts[i].key, key))
            continue;
        str_set(texts[i].text, value);
        return true;
    }
    return false;
}

static bool take_image(struct recipe *recipe, const char *key, const char *value) {
    if (str_equal(key, "packages"))
        add_words(&recipe->packages, value);
    else if (str_equal(key, "requires"))
        add_words(&recipe->requires, value);
    else if (str_equal(key, "run"))
        strings_add(&recipe->run, value);
    else if (str_equal(key, "sudo"))
        recipe->sudo = value_bool(value);
    else
        return take_text(recipe, key, value);
    return true;
}

/* "PATH" or "PATH:MODE", in octal. */
static bool take_file(struct recipe *recipe, const char *source, const char *value) {
    const char *colon = strrchr(value, ':');
    char *end = NULL;
    unsigned long mode = colon ? strtoul(colon + 1, &end, 8) : 0644;
    if (value[0] != '/' || (colon && (!colon[1] || *end || mode > 07777)))
        return false;
    recipe->files = mem_grow(recipe->files, (recipe->file_count + 1) * sizeof *recipe->files);
    recipe->files[recipe->file_count++] = (struct recipe_file){
        str_copy(source), colon ? str_copy_n(value, (size_t)(colon - value)) : str_copy(value),
        (mode_t)mode};
    return true;
}

static int take_pair(void *data, const char *section, const char *key, const char *value) {
    struct parse *parse = data;
    const char *file = parse->recipe->file;
    if (parse->text.err->class)
        return 1;
    _cleanup_free_ char *shown_key = str_shown(key), *shown = str_shown(value),
                        *shown_section = str_shown(section);
    if (!*value || !str_is_utf8(value))
        error_set(parse->text.err, ERROR_USAGE, "%s:%d: %s has no value", file, parse->text.line,
                  shown_key);
    else if (str_equal(section, "files") && !take_file(parse->recipe, key, value))
        error_set(parse->text.err, ERROR_USAGE, "%s:%d: \"%s\" is not an absolute path, or one with :MODE",
                  file, parse->text.line, shown);
    else if (str_equal(section, "image") && !take_image(parse->recipe, key, value))
        error_set(parse->text.err, ERROR_USAGE, "%s:%d: unknown key \"%s\"", file, parse->text.line,
                  shown_key);
    else if (!str_equal(section, "image") && !str_equal(section, "files"))
        error_set(parse->text.err, ERROR_USAGE, "%s:%d: unknown section [%s]", file, parse->text.line,
                  shown_section);
    return 1;
}

bool recipe_parse(struct recipe *recipe, const char *file, const char *content, struct error *err) {
    str_set(&recipe->file, file);
    struct parse parse = {{.file = file, .rest = content, .err = err, .check = is_whole}, recipe};
    return ini_text_parse(&parse.text, take_pair, &parse);
}

bool recipe_load(struct recipe *recipe, const char *file, struct error *err) {
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_free_ char *path = path_absolute(file, err);
    if (!path || !path_read(path, &content, err))
        return false;
    if (content.size && strlen(content.data) != content.size)
        return error_set(err, ERROR_USAGE, "%s is no text file", file);
    recipe->directory = str_copy_n(path, (size_t)(strrchr(path, '/') - path));
    return recipe_parse(recipe, file, content.data ? content.data : "", err);
}

bool recipe_load_workspace(struct recipe *recipe, const char *workspace, bool *there, struct error *err) {
    _cleanup_(buffer_done) struct buffer content = {0};
    recipe->root = open(workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
    enum beneath_entry entry =
        recipe->root < 0 ? ENTRY_NONE : beneath_look(recipe->root, RECIPE_FILE, NULL);
    *there = entry != ENTRY_NONE;
    if (!*there)
        return true;
    if (entry != ENTRY_FILE || !beneath_read(recipe->root, RECIPE_FILE, FILE_MOST, &content))
        return error_set(err, ERROR_REFUSED, "%s/" RECIPE_FILE " is %s: it is not read", workspace,
                         entry == ENTRY_FILE ? "unreadable" : entry_name(entry));
    if (content.size && strlen(content.data) != content.size)
        return error_set(err, ERROR_USAGE, "%s/" RECIPE_FILE " is no text file", workspace);
    str_set(&recipe->directory, workspace);
    return recipe_parse(recipe, RECIPE_FILE, content.data ? content.data : "", err);
}

void recipe_usual(struct recipe *recipe, const char *user) {
    str_set(&recipe->user, user);
    recipe->sudo = true;
    strings_add_all(&recipe->packages, "tmux", "git", "sudo", "procps", "less", NULL);
    strings_add_all(&recipe->requires, "tmux", "git", NULL);
}

/* The words of a list are arguments of a package manager or of command -v, and never its flags. */
static bool are_names(const struct recipe *recipe, const char *what, const struct strings *names,
                      struct error *err) {
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        if (name[0] != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                           "+-._:=~/") == strlen(name))
            continue;
        _cleanup_free_ char *shown = str_shown(name);
        return error_set(err, ERROR_USAGE, "%s: %s: \"%s\" is no name of one", recipe->file, what, shown);
    }
    return true;
}

static bool is_word(const char *text) {
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
               strlen(text) &&
           text[0] != '-' && text[0] != '.';
}

bool recipe_check(const struct recipe *recipe, struct error *err) {
    const char *file = recipe->file ? recipe->file : "build";
    if (str_empty(recipe->base)) {
        error_set(err, ERROR_USAGE, "%s: a base is missing", file);
        error_hint(err, "base = coi, an image that is there; debian:12 or ubuntu:24.04; or --base");
        return false;
    }
    if (recipe->user && !is_word(recipe->user)) {
        _cleanup_free_ char *shown = str_shown(recipe->user);
        return error_set(err, ERROR_USAGE, "%s: user: \"%s\" is no user's name", file, shown);
    }
    if (recipe->compression && !is_word(recipe->compression)) {
        _cleanup_free_ char *shown = str_shown(recipe->compression);
        return error_set(err, ERROR_USAGE, "%s: compression: \"%s\" is none", file, shown);
    }
    return are_names(recipe, "packages", &recipe->packages, err) &&
           are_names(recipe, "requires", &recipe->requires, err);
}

int recipe_open(const struct recipe *recipe, const char *path, struct error *err) {
    _cleanup_free_ char *expanded = path_expand_home(path),
                        *full = expanded[0] == '/' || !recipe->directory
                                    ? str_copy(expanded)
                                    : str_printf("%s/%s", recipe->directory, expanded),
                        *shown = str_shown(path);
    int fd = recipe->root >= 0 ? beneath_open(recipe->root, path, O_RDONLY | O_CLOEXEC)
                               : open(full, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        error_errno(err, errno, "%s: cannot read %s", recipe->file ? recipe->file : "build", shown);
    if (fd < 0 && recipe->root >= 0)
        error_hint(err, "a workspace's recipe may only use what lies in the workspace, and no links");
    return fd;
}

static void add_text(SHA2_CTX *digest, const char *what, const char *text) {
    SHA256Update(digest, (const uint8_t *)what, strlen(what) + 1);
    SHA256Update(digest, (const uint8_t *)(text ? text : ""), strlen(text ? text : "") + 1);
}

static void add_list(SHA2_CTX *digest, const char *what, const struct strings *list) {
    for (size_t i = 0; i < list->count; i++)
        add_text(digest, what, list->items[i]);
}

static bool add_file(SHA2_CTX *digest, const struct recipe *recipe, const char *path, struct error *err) {
    uint8_t bytes[65536];
    _cleanup_close_ int fd = recipe_open(recipe, path, err);
    if (fd < 0)
        return false;
    for (;;) {
        ssize_t size = read(fd, bytes, sizeof bytes);
        if (size < 0 && errno != EINTR)
            return error_errno(err, errno, "cannot read %s", path);
        if (size == 0)
            break;
        if (size > 0)
            SHA256Update(digest, bytes, (size_t)size);
    }
    add_text(digest, "end", path);
    return true;
}

char *recipe_digest(const struct recipe *recipe, const struct settings *settings, const char *base,
                    struct error *err) {
    SHA2_CTX digest;
    char text[SHA256_DIGEST_STRING_LENGTH];
    SHA256Init(&digest);
    _cleanup_free_ char *ids = str_printf("%u:%u", settings_id(settings, SETTING_CODE_UID),
                                          settings_id(settings, SETTING_CODE_GID));
    add_text(&digest, "berth recipe", "1");
    add_text(&digest, "base", recipe->base);
    add_text(&digest, "is", base);
    add_text(&digest, "user", recipe->user);
    add_text(&digest, "ids", recipe->user ? ids : "");
    add_text(&digest, "sudo", recipe->sudo ? "yes" : "");
    add_list(&digest, "package", &recipe->packages);
    add_list(&digest, "run", &recipe->run);
    add_list(&digest, "requires", &recipe->requires);
    for (size_t i = 0; i < recipe->file_count; i++) {
        const struct recipe_file *file = &recipe->files[i];
        _cleanup_free_ char *mode = str_printf("%o", (unsigned int)file->mode);
        add_text(&digest, "file", file->path);
        add_text(&digest, "mode", mode);
        if (!add_file(&digest, recipe, file->source, err))
            return NULL;
    }
    if (recipe->script && !add_file(&digest, recipe, recipe->script, err))
        return NULL;
    return str_copy(SHA256End(&digest, text));
}
