/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Inspects an appliance, places a machine and renders its seed, in C.
 *
 *   usage: appliance OVA DOCUMENTS SEED
 *
 * DOCUMENTS is a folder with cluster.json, vms.json, spec.json and vm.json, as in
 * examples/documents; SEED is the image to write.
 */
#include <quantix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest document that this program reads. */
enum { DOCUMENT_BYTES_MAX = 1 << 20 };

/* Prints why a call failed and ends the program. */
static void fail(const char *what, qtx_error *error) {
  fprintf(stderr, "%s: %s\n%s\n", what, qtx_error_message(error), qtx_error_findings(error));
  qtx_error_free(error);
  exit(EXIT_FAILURE);
}

/* Reads a whole file of a folder as a NUL-terminated text that the caller frees. */
static char *read_text(const char *folder, const char *name) {
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = length > 0 && (size_t)length < sizeof path ? fopen(path, "rb") : NULL;
  char *text = malloc(DOCUMENT_BYTES_MAX + 1);
  if (file == NULL || text == NULL) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  size_t bytes = fread(text, 1, DOCUMENT_BYTES_MAX, file);
  text[bytes] = '\0';
  fclose(file);
  return text;
}

static void inspect(const char *ova) {
  char *report = NULL;
  qtx_error *error = NULL;
  if (qtx_ova_inspect(ova, &report, &error) != QTX_STATUS_OK) fail("inspect", error);
  printf("inspect: %s\n", report);
  qtx_string_free(report);
}

static void place(const char *documents) {
  char *cluster = read_text(documents, "cluster.json");
  char *vms = read_text(documents, "vms.json");
  char *answer = NULL;
  qtx_error *error = NULL;
  if (qtx_place(cluster, vms, NULL, true, &answer, &error) != QTX_STATUS_OK) fail("place", error);
  printf("place: %s\n", answer);
  qtx_string_free(answer);
  free(vms);
  free(cluster);
}

/* Renders the spec into files beside the image, and the image of them. */
static void seed(const char *documents, const char *image) {
  char *spec = read_text(documents, "spec.json");
  char *vm = read_text(documents, "vm.json");
  char folder[4096];
  int length = snprintf(folder, sizeof folder, "%s.d", image);
  if (length < 0 || (size_t)length >= sizeof folder) exit(EXIT_FAILURE);
  const uint64_t repeatable = 7;
  char *answer = NULL;
  qtx_error *error = NULL;
  if (qtx_spec_render(spec, vm, NULL, folder, &repeatable, &answer, &error) != QTX_STATUS_OK)
    fail("render", error);
  printf("render: %s\n", answer);
  qtx_string_free(answer);
  char *user_data = read_text(folder, "user-data");
  char *meta_data = read_text(folder, "meta-data");
  char *network = read_text(folder, "network-config");
  if (qtx_seed_build(user_data, meta_data, network, NULL, NULL, NULL, image, &answer, &error) !=
      QTX_STATUS_OK)
    fail("seed", error);
  printf("seed: %s\n", answer);
  qtx_string_free(answer);
  free(network);
  free(meta_data);
  free(user_data);
  free(vm);
  free(spec);
}

/* What the header promises of bad arguments. */
static void check_promises(void) {
  char *report = (char *)"untouched";
  qtx_error *error = NULL;
  if (qtx_ova_inspect(NULL, &report, &error) != QTX_STATUS_NULL_ARGUMENT) abort();
  if (qtx_error_status(error) != QTX_STATUS_NULL_ARGUMENT) abort();
  qtx_error_free(error);
  if (qtx_ova_inspect("/nonexistent.ova", &report, NULL) == QTX_STATUS_OK) abort();
  if (strcmp(report, "untouched") != 0) abort();
  if (qtx_error_message(NULL) != NULL || qtx_error_findings(NULL) != NULL) abort();
  qtx_error_free(NULL);
  qtx_string_free(NULL);
  if (strcmp(qtx_version(), QTX_VERSION) != 0) abort();
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s OVA DOCUMENTS SEED\n", argv[0]);
    return 2;
  }
  check_promises();
  inspect(argv[1]);
  place(argv[2]);
  seed(argv[2], argv[3]);
  return EXIT_SUCCESS;
}
