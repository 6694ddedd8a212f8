#include "network/answers.h"

#include <arpa/inet.h>

void answers_done(struct answers *answers) {
    for (size_t i = 0; i < answers->count; i++) {
        free(answers->items[i].name);
        ranges_done(&answers->items[i].addresses);
    }
    free(answers->items);
    *answers = (struct answers){0};
}

const struct answer *answers_of(const struct answers *answers, const char *name) {
    for (size_t i = 0; i < answers->count; i++)
        if (str_equal(answers->items[i].name, name))
            return &answers->items[i];
    return NULL;
}

char *answers_hosts(const struct answers *answers) {
    struct buffer text = {0};
    char address[INET_ADDRSTRLEN];
    buffer_text(&text, "");
    for (size_t i = 0; i < answers->count; i++) {
        size_t count;
        _cleanup_free_ uint32_t *all = ranges_all(&answers->items[i].addresses, &count);
        for (size_t j = 0; j < count; j++)
            buffer_printf(&text, "%s %s\n", range_address(all[j], address), answers->items[i].name);
    }
    return text.data;
}
