#include "ctst-image/fetch_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "common/cleanup.h"
#include "common/file.h"

#define LARGEST ((size_t)4 << 20) /* the system's bundle has 200 KiB */

/* A key beside the certificates is not decrypted, and nobody is asked for its pass phrase. */
static int no_pass_phrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static STACK_OF(X509) * read_certificates(const struct ct_buf *text)
{
	STACK_OF(X509) *certificates = sk_X509_new_null();
	BIO *source = BIO_new_mem_buf(text->data, (int)text->length);
	X509 *certificate;

	while (source && certificates && (certificate = PEM_read_bio_X509(source, NULL, no_pass_phrase, NULL)))
		sk_X509_push(certificates, certificate);
	ERR_clear_error();
	BIO_free(source);
	return certificates;
}

int fetch_trust_load(struct fetch_trust *trust, const char *path, struct ct_err *err)
{
	ct_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ct_autobuf text = CT_BUF_INIT;

	if (fd < 0 || ct_read_all(fd, LARGEST, &text) < 0) {
		ct_fail_errno(err, CT_NO_CODE, "cannot read certificates from '%s'", path);
		if (errno == ENOENT)
			err->exit_status = CT_EXIT_NOT_FOUND;
		return -1;
	}
	trust->certificates = text.length > 0 ? read_certificates(&text) : NULL;
	if (trust->certificates && sk_X509_num(trust->certificates) > 0)
		return 0;
	fetch_trust_release(trust);
	ct_fail(err, CT_NO_CODE, "'%s' holds no certificate", path);
	return ct_err_hint(err, "certificates in PEM begin with -----BEGIN CERTIFICATE-----");
}

int fetch_trust_extend(const struct fetch_trust *trust, void *ssl_context)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ssl_context);

	for (int i = 0; trust->certificates && i < sk_X509_num(trust->certificates); i++) {
		/* One that the system has already is no error since OpenSSL 1.1.1. */
		if (!X509_STORE_add_cert(store, sk_X509_value(trust->certificates, i)))
			return -1;
	}
	return 0;
}

void fetch_trust_release(struct fetch_trust *trust)
{
	sk_X509_pop_free(trust->certificates, X509_free);
	trust->certificates = NULL;
}
