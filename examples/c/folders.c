/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Keeps the folders of a project, in C: makes some, moves one with all that it holds, asks who may
 * do what, and checks a document. Takes no arguments.
 */
#include <quantix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "00000000-0000-0000-0000-000000000002"
#define WEB "0192f0c1-2b3c-7d4e-8f50-000000000001"
#define SHOP "0192f0c1-2b3c-7d4e-8f50-000000000002"
#define OLD "0192f0c1-2b3c-7d4e-8f50-000000000003"
#define NOW "2026-01-31T12:00:00Z"

static void fail(const char *what, qtx_error *error) {
  fprintf(stderr, "%s: %s\n%s\n", what, qtx_error_message(error), qtx_error_findings(error));
  qtx_error_free(error);
  exit(EXIT_FAILURE);
}

/* Runs a command that must work and prints its answer. */
static void run(qtx_folder_tree *tree, const char *command) {
  char *answer = NULL;
  qtx_error *error = NULL;
  if (qtx_folder_tree_run(tree, command, &answer, &error) != QTX_STATUS_OK) fail(command, error);
  printf("%s\n", answer);
  qtx_string_free(answer);
}

int main(void) {
  qtx_folder_tree *tree = NULL;
  qtx_error *error = NULL;
  if (qtx_folder_tree_new("default", ROOT, NOW, &tree, &error) != QTX_STATUS_OK) fail("new", error);

  run(tree, "{\"op\":\"ensure\",\"path\":\"/Web/Shop\",\"ids\":[\"" WEB "\",\"" SHOP
            "\"],\"at\":\"" NOW "\"}");
  run(tree, "{\"op\":\"ensure\",\"path\":\"/Old\",\"ids\":[\"" OLD "\"],\"at\":\"" NOW "\"}");
  run(tree, "{\"op\":\"bind\",\"id\":\"" OLD "\",\"binding\":{\"subject\":{\"kind\":\"user\","
            "\"id\":\"vera\"},\"role\":\"viewer\"},\"at\":\"" NOW "\"}");
  run(tree, "{\"op\":\"move\",\"id\":\"" WEB "\",\"parent_id\":\"" OLD "\",\"at\":\"" NOW "\"}");
  run(tree, "{\"op\":\"authorize\",\"principal\":{\"subject\":{\"kind\":\"user\",\"id\":\"vera\"}},"
            "\"permission\":\"vm:read\",\"folder_id\":\"" SHOP "\"}");

  /* Paths compare without regard to case. */
  char *id = NULL;
  if (qtx_folder_tree_find(tree, "/old/WEB/shop", &id, &error) != QTX_STATUS_OK) fail("find", error);
  if (id == NULL || strcmp(id, SHOP) != 0) {
    fprintf(stderr, "/old/WEB/shop is not where it was moved to\n");
    return EXIT_FAILURE;
  }
  qtx_string_free(id);

  /* What cannot be is refused, with a code for programs and a text for people. */
  char *answer = NULL;
  const char *into_itself =
      "{\"op\":\"move\",\"id\":\"" OLD "\",\"parent_id\":\"" SHOP "\",\"at\":\"" NOW "\"}";
  if (qtx_folder_tree_run(tree, into_itself, &answer, &error) != QTX_STATUS_INVALID_INPUT) {
    fprintf(stderr, "a folder was moved into itself\n");
    return EXIT_FAILURE;
  }
  printf("refused: %s\n", qtx_error_message(error));
  qtx_error_free(error);
  error = NULL;
  qtx_folder_tree_free(tree);

  char *report = NULL;
  const char *spec = "{\"cpu\":{\"cores\":0,\"socket\":2},\"memory\":{\"size_mib\":\"8GiB\"}}";
  if (qtx_document_check("vm_spec", spec, false, &report, &error) != QTX_STATUS_OK)
    fail("check", error);
  printf("%s\n", report);
  qtx_string_free(report);
  return EXIT_SUCCESS;
}
