#include "incus/tls.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define YEARS 10L
#define DAY   (24L * 60 * 60)

static bool fingerprint_of(const X509 *certificate, char fingerprint[TLS_FINGERPRINT]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (!certificate || !X509_digest(certificate, EVP_sha256(), digest, &size) || size != 32)
        return false;
    for (unsigned int i = 0; i < size; i++)
        snprintf(fingerprint + (size_t)i * 2, 3, "%02x", digest[i]);
    return true;
}

static void write_day(const ASN1_TIME *at, char *day, size_t room) {
    struct tm broken = {0};
    if (!ASN1_TIME_to_tm(at, &broken) || !strftime(day, room, "%Y-%m-%d", &broken))
        snprintf(day, room, "?");
}

static enum tls_verdict judge(const X509 *certificate, struct tls_pin *pin) {
    const ASN1_TIME *from = X509_get0_notBefore(certificate), *until = X509_get0_notAfter(certificate);
    if (!fingerprint_of(certificate, pin->seen))
        return TLS_UNSEEN;
    write_day(until, pin->until, sizeof pin->until);
    if (pin->wanted && !str_equal(pin->wanted, pin->seen))
        return TLS_ANOTHER;
    if (X509_cmp_current_time(until) < 0)
        return TLS_EXPIRED;
    if (X509_cmp_current_time(from) > 0)
        return TLS_NOT_YET;
    return TLS_AS_WANTED;
}

/* SSL_CTX_set_cert_verify_callback(3): instead of every other check. */
static int verify(X509_STORE_CTX *context, void *data) {
    struct tls_pin *pin = data;
    const X509 *certificate = X509_STORE_CTX_get0_cert(context);
    pin->verdict = certificate ? judge(certificate, pin) : TLS_UNSEEN;
    X509_STORE_CTX_set_error(context, pin->verdict == TLS_AS_WANTED ? X509_V_OK
                                                                    : X509_V_ERR_APPLICATION_VERIFICATION);
    return pin->verdict == TLS_AS_WANTED;
}

static CURLcode set_context(CURL *easy, void *context, void *data) {
    (void)easy;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify, data);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    /* a session that is taken up again would bring no certificate to look at */
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* what is sent once more may lie elsewhere by then */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return CURLE_OK;
}

bool tls_setup(CURL *easy, const char *certificate, const char *key, struct tls_pin *pin) {
    /* libcurl's own two are for names and authorities; the context has ours instead, for every connection
     */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    if (certificate) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, certificate);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, key);
    }
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_context) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, pin) == CURLE_OK;
}

static X509 *read_pem(const char *pem, size_t size) {
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return certificate;
}

bool tls_fingerprint(const char *pem, size_t size, char fingerprint[TLS_FINGERPRINT]) {
    X509 *certificate = read_pem(pem, size);
    bool good = fingerprint_of(certificate, fingerprint);
    X509_free(certificate);
    return good;
}

bool tls_in_force(const char *pem, size_t size, const char *name, struct error *err) {
    X509 *certificate = read_pem(pem, size);
    struct tls_pin pin = {0};
    enum tls_verdict verdict = certificate ? judge(certificate, &pin) : TLS_UNSEEN;
    X509_free(certificate);
    if (verdict == TLS_UNSEEN)
        error_set(err, ERROR_FAILED, "%s is not a certificate", name);
    else if (verdict == TLS_EXPIRED)
        error_set(err, ERROR_FAILED, "the certificate %s has expired on %s", name, pin.until);
    else if (verdict == TLS_NOT_YET)
        error_set(err, ERROR_FAILED, "the certificate %s is not in force yet: is the clock right?", name);
    return verdict == TLS_AS_WANTED;
}

bool tls_read_fingerprint(const char *text, char fingerprint[TLS_FINGERPRINT]) {
    size_t length = 0;
    for (; *text; text++) {
        if (*text == ':')
            continue;
        if (!isxdigit((unsigned char)*text) || length == TLS_FINGERPRINT - 1)
            return false;
        fingerprint[length++] = (char)tolower((unsigned char)*text);
    }
    fingerprint[length] = 0;
    return length == TLS_FINGERPRINT - 1;
}

static bool sign(X509 *certificate, EVP_PKEY *key, const char *name) {
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "clientAuth");
    unsigned char serial[16] = {0};
    BIGNUM *number = BN_new();
    bool good =
        usage && number && BN_rand(number, sizeof serial * 8 - 1, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) &&
        X509_set_version(certificate, X509_VERSION_3) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) && /* clocks differ */
        X509_gmtime_adj(X509_getm_notAfter(certificate), YEARS * 365 * DAY) &&
        X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"berth", -1, -1,
                                   0) &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) &&
        X509_set_issuer_name(certificate, subject) && X509_set_pubkey(certificate, key) &&
        X509_add_ext(certificate, usage, -1) && X509_sign(certificate, key, EVP_sha384());
    BN_free(number);
    X509_EXTENSION_free(usage);
    return good;
}

static bool take_bio(BIO *bio, struct buffer *text) {
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    if (size > 0)
        buffer_add(text, data, (size_t)size);
    return size > 0;
}

bool tls_make_identity(const char *name, struct buffer *certificate, struct buffer *key,
                       struct error *err) {
    EVP_PKEY *pair = EVP_EC_gen("P-384");
    X509 *made = X509_new();
    BIO *public = BIO_new(BIO_s_mem()), *private = BIO_new(BIO_s_secmem());
    bool good = pair && made && public && private && sign(made, pair, name) &&
                PEM_write_bio_X509(public, made) &&
                PEM_write_bio_PrivateKey(private, pair, NULL, NULL, 0, NULL, NULL) &&
                take_bio(public, certificate) && take_bio(private, key);
    BIO_free(public);
    BIO_free(private);
    X509_free(made);
    EVP_PKEY_free(pair);
    return good || error_set(err, ERROR_FAILED, "a certificate cannot be made: %s",
                             ERR_reason_error_string(ERR_get_error()));
}
