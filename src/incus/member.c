#include "incus/member.h"

#include <string.h>

void members_done(struct members *members) {
    for (size_t i = 0; i < members->count; i++) {
        struct member *member = &members->items[i];
        free(member->name);
        free(member->status);
        free(member->message);
        strings_done(&member->groups);
    }
    free(members->items);
    *members = (struct members){0};
}

char *members_path(void) {
    return incus_path("recursion=1", "cluster", "members", NULL);
}

void members_read(const json_t *metadata, struct members *members) {
    size_t index, other;
    const json_t *one, *group;
    members->items = mem_new((json_array_size(metadata) + 1) * sizeof *members->items);
    json_array_foreach(metadata, index, one) {
        struct member *member = &members->items[members->count++];
        *member = (struct member){.name = str_copy(json_str_at(one, "server_name")),
                                  .status = str_copy(json_str_at(one, "status")),
                                  .message = str_copy(json_str_at(one, "message")),
                                  .pool_free = -1};
        json_array_foreach(json_at(one, "groups"), other, group) {
            strings_add(&member->groups, json_is_string(group) ? json_string_value(group) : "");
        }
    }
}

const struct member *members_find(const struct members *members, const char *name) {
    for (size_t i = 0; i < members->count; i++)
        if (str_equal(members->items[i].name, name))
            return &members->items[i];
    return NULL;
}

char *member_state_path(const char *name) {
    return incus_path(NULL, "cluster", "members", name, "state", NULL);
}

void member_read_state(struct member *member, const json_t *metadata, const char *pool) {
    const json_t *space = json_at(json_object_get(json_at(metadata, "storage_pools"), pool), "space"),
                 *load = json_at(metadata, "sysinfo.load_averages");
    member->answered = true;
    member->memory_free =
        json_int_at(metadata, "sysinfo.free_ram") + json_int_at(metadata, "sysinfo.buffered_ram");
    member->memory_total = json_int_at(metadata, "sysinfo.total_ram");
    member->load = json_number_value(json_array_get(load, 0));
    member->pool_free = space ? json_int_at(space, "total") - json_int_at(space, "used") : -1;
}

bool members_load(struct incus *client, struct members *members, const char *pool, struct error *err) {
    struct question *questions = mem_new((members->count + 1) * sizeof *questions);
    size_t asked = 0;
    for (size_t i = 0; i < members->count; i++) {
        if (!str_equal(members->items[i].status, "Online"))
            continue;
        questions[i].path = member_state_path(members->items[i].name);
        questions[i].patience_ms = MEMBER_PATIENCE_MS;
        asked++;
    }
    bool good = !asked || incus_ask_all(client, questions, members->count, err);
    for (size_t i = 0; i < members->count && good; i++)
        if (questions[i].metadata)
            member_read_state(&members->items[i], questions[i].metadata, pool);
    questions_done(questions, members->count);
    free(questions);
    return good;
}
