#include "ui/keys.h"

#include "ui/ui.h"

const struct key_row key_table[] = {
    {ACTION_ATTACH, {UI_ENTER, UI_DOUBLE_CLICK}, "enter", "attach; a stopped session is started", "attach"},
    {ACTION_NEW, {'n'}, "n", "new shell session", "new"},
    {ACTION_RUN, {'r'}, "r", "run a command in a new container", "run"},
    {ACTION_STOP, {'s'}, "s", "stop; asks first", "stop"},
    {ACTION_START, {'S'}, "S", "start", NULL},
    {ACTION_RESTART, {'R'}, "R", "restart; asks first", NULL},
    {ACTION_DELETE, {'d'}, "d", "delete; asks first", "delete"},
    {ACTION_PERSIST, {'p'}, "p", "toggle persistent (kept when its session ends)", NULL},
    {ACTION_NETWORK, {'N'}, "N", "change what it may reach: its network", NULL},
    {ACTION_ATTENTION, {'A', UI_ALT_A}, "A", "go to who has waited longest (anywhere: Alt-a)", NULL},
    {ACTION_ZOOM, {'v'}, "v", "its terminal in full: scrollback, search", NULL},
    {ACTION_WALL, {'w'}, "w", "the wall: terminals side by side", "wall"},
    {ACTION_TALK, {'t'}, "t", "type a line into it, or all that are marked", NULL},
    {ACTION_MUTE, {'m'}, "m", "mute it, so that it draws no attention", NULL},
    {ACTION_MARK, {'x', ' '}, "x space", "mark; actions apply to all marked sessions", NULL},
    {ACTION_FILTER, {'/'}, "/", "filter as you type", "filter"},
    {ACTION_CLEAR, {UI_ESCAPE}, "esc", "clear the filter, then the marks", NULL},
    {ACTION_SORT, {'o'}, "o", "sort by the next column", NULL},
    {ACTION_REVERSE, {'O'}, "O", "reverse the order", NULL},
    {ACTION_FOREIGN, {'a'}, "a", "show or hide instances that are not sessions", NULL},
    {ACTION_UP, {'k', UI_UP, UI_WHEEL_UP}, "k up", "up", NULL},
    {ACTION_DOWN, {'j', UI_DOWN, UI_WHEEL_DOWN}, "j down", "down", NULL},
    {ACTION_TOP, {'g', UI_HOME}, "g home", "first", NULL},
    {ACTION_BOTTOM, {'G', UI_END}, "G end", "last", NULL},
    {ACTION_PAGE_UP, {UI_PAGE_UP, UI_CTRL('b')}, "PgUp", "a page up", NULL},
    {ACTION_PAGE_DOWN, {UI_PAGE_DOWN, UI_CTRL('f')}, "PgDn", "a page down", NULL},
    {ACTION_HALF_UP, {UI_CTRL('u')}, "Ctrl-u", "half a page up", NULL},
    {ACTION_HALF_DOWN, {UI_CTRL('d')}, "Ctrl-d", "half a page down", NULL},
    {ACTION_NEXT_TAB, {UI_TAB, 'l', UI_RIGHT}, "tab l", "next tab", NULL},
    {ACTION_PREVIOUS_TAB, {UI_BACK_TAB, 'h', UI_LEFT}, "h", "previous tab", NULL},
    {ACTION_TAB_MAPPING, {'1'}, "1", "Mapping", NULL},
    {ACTION_TAB_LIVE, {'2'}, "2", "Live", NULL},
    {ACTION_TAB_OVERVIEW, {'3'}, "3", "Overview", NULL},
    {ACTION_TAB_LOG, {'4'}, "4", "Log", NULL},
    {ACTION_TAB_PROCESSES, {'5'}, "5", "Processes", NULL},
    {ACTION_TAB_CHANGES, {'6'}, "6", "Changes of the repository", NULL},
    {ACTION_TAB_SNAPSHOTS, {'7'}, "7", "Snapshots", NULL},
    {ACTION_PANE_DOWN, {'J'}, "J", "scroll the pane down", NULL},
    {ACTION_PANE_UP, {'K'}, "K", "scroll the pane up", NULL},
    {ACTION_IDMAP, {'i'}, "i", "the mapping in full", NULL},
    {ACTION_GUARD, {'c'}, "c", "what is guarded, and what changed of it", NULL},
    {ACTION_SNAPSHOTS, {'z'}, "z", "its snapshots: take, restore, branch", NULL},
    {ACTION_HEALTH, {'H'}, "H", "whether this machine is well, and what mends it", NULL},
    {ACTION_IMAGES, {'I'}, "I", "the images: build, delete, export, import", NULL},
    {ACTION_BUILD, {'b'}, "b", "build its image again", NULL},
    {ACTION_MEMBERS, {'M'}, "M", "the machines: sessions, memory, load, state", NULL},
    {ACTION_COPY, {'y'}, "y", "copy the remedy, or the name", NULL},
    {ACTION_COMMAND, {':'}, ":", "run a berth command, with completion", NULL},
    {ACTION_HELP, {'?'}, "?", "all keys", "help"},
    {ACTION_REDRAW, {UI_CTRL('l')}, "Ctrl-l", "redraw", NULL},
    {ACTION_SUSPEND, {UI_CTRL('z')}, "Ctrl-z", "suspend; fg returns", NULL},
    {ACTION_QUIT, {'q', UI_CTRL('c')}, "q", "quit; sessions keep running", "quit"},
    {.action = ACTION_NONE},
};

enum action keys_action(const struct key *key) {
    for (const struct key_row *row = key_table; row->action != ACTION_NONE && !key->pasted; row++)
        for (int i = 0; i < 3 && row->codes[i]; i++)
            if (row->codes[i] == key->code)
                return row->action;
    return ACTION_NONE;
}

void ui_keys(void (*each)(void *data, const char *label, const char *words), void *data) {
    for (const struct key_row *row = key_table; row->action != ACTION_NONE; row++)
        each(data, row->label, row->words);
}
