#include "remote/token.h"

#include "base/json.h"

#include <openssl/evp.h>
#include <string.h>

#define LENGTH_MOST 65536

bool token_fingerprint(const char *token, char fingerprint[TLS_FINGERPRINT]) {
    size_t length = strlen(token);
    if (length == 0 || length > LENGTH_MOST)
        return false;
    _cleanup_free_ unsigned char *text = mem_new(length + 1);
    _cleanup_(error_done) struct error ignored = {0};
    int size = EVP_DecodeBlock(text, (const unsigned char *)token, (int)length);
    for (size_t i = length; i && size > 0 && token[i - 1] == '='; i--)
        size--; /* what fills up counts as bytes there */
    if (size <= 0)
        return false;
    _cleanup_json_ json_t *json = json_parse((const char *)text, (size_t)size, "the token", &ignored);
    return json && tls_read_fingerprint(json_str_at(json, "fingerprint"), fingerprint);
}
