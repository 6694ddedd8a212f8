/* A recipe's text, as a workspace may bring it. */
/* Covers: recipe_parse take_image take_text take_file is_whole add_words are_names is_word recipe_check */
#include "tests/fuzz/fuzz.h"

#include "build/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error err = {0}, checking = {0};
    struct recipe recipe;
    char *text = fuzz_text(data, size);
    recipe_init(&recipe);
    if (recipe_parse(&recipe, "r.ini", text, &err)) {
        for (size_t i = 0; i < recipe.file_count; i++)
            assert(recipe.files[i].path[0] == '/' && recipe.files[i].mode <= 07777);
        if (recipe_check(&recipe, &checking))
            for (size_t i = 0; i < recipe.packages.count; i++)
                assert(recipe.packages.items[i][0] != '-');
    } else {
        assert(err.class == ERROR_USAGE && err.message);
    }
    recipe_done(&recipe);
    error_done(&err);
    error_done(&checking);
    free(text);
    return 0;
}
