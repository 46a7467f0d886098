package io.heterospec.processor.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageFormatTest {
  private static final PageFormat FORMAT = new PageFormat("model", "bf16", 12, 4);
  private static final int[] TOKENS = {7, 8, 9, 10};
  private static final PrefixHash BEFORE = PrefixHash.EMPTY.after(new int[] {1, 2, 3}, 0, 3);
  private static final KvPage PAGE =
      FORMAT.page(3, BEFORE, TOKENS, new byte[3 * 12], new byte[3 * 4]);

  private static void assertRefused(UnaryOperator<KvPage> change, String reason) {
    assertThat(FORMAT.objection(change.apply(PAGE), 3, BEFORE).orElse("none")).contains(reason);
  }

  private static KvPage with(
      KvPage page, String model, String dtype, int firstRow, int[] tokens, byte[] target) {
    return new KvPage(
        model, dtype, firstRow, page.prefix(), tokens, target, page.head(), page.checksum());
  }

  @ParameterizedTest
  @CsvSource({
    "100, 64",
    "8192, 64",
    "8193, 32",
    "16384, 32",
    "131072, 4",
    "327680, 1",
    "900000, 1"
  })
  void aPageStaysWithinARecordOfTheBroker(long rowBytes, int rows) {
    assertThat(new PageFormat("m", "bf16", rowBytes, 0).rows()).isEqualTo(rows);
  }

  @Test
  void aPageThatFitsIsUsed() {
    assertThat(FORMAT.objection(PAGE, 3, BEFORE)).isEmpty();
    KvPage withoutHead = FORMAT.page(3, BEFORE, TOKENS, new byte[36], new byte[0]);
    assertThat(FORMAT.objection(withoutHead, 3, BEFORE)).isEmpty();
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertRefused(p -> with(p, "other", "bf16", 3, TOKENS, p.target()), "another model");
    assertRefused(p -> with(p, "model", "fp32", 3, TOKENS, p.target()), "fp32");
    assertRefused(p -> with(p, "model", "bf16", 4, TOKENS, p.target()), "other rows");
    assertRefused(p -> with(p, "model", "bf16", 3, new int[] {7}, p.target()), "other rows");
    assertRefused(p -> with(p, "model", "bf16", 3, TOKENS, new byte[35]), "size");
  }

  @Test
  void anyChangedByteOrTokenIsNoticed() {
    for (int i = 0; i < PAGE.target().length; i++) {
      byte[] target = PAGE.target().clone();
      target[i] ^= 1;
      assertRefused(p -> with(p, "model", "bf16", 3, TOKENS, target), "checksum");
    }
    int[] tokens = TOKENS.clone();
    tokens[3]++;
    assertRefused(p -> with(p, "model", "bf16", 3, tokens, p.target()), "checksum");
  }

  @Test
  void aPageOfAnotherHistoryIsRefused() {
    PrefixHash other = PrefixHash.EMPTY.after(new int[] {1, 2, 4}, 0, 3);
    assertThat(FORMAT.objection(PAGE, 3, other).orElse("none")).contains("other tokens");
  }

  @Test
  void prefixHashesDependOnEveryTokenAndItsPlace() {
    int[] tokens = {5, 6, 7, 8};
    byte[] hash = PrefixHash.EMPTY.after(tokens, 0, 2).after(tokens, 2, 4).toBytes();
    assertThat(hash).hasSize(32);
    for (int i = 0; i < tokens.length; i++) {
      int[] changed = Arrays.copyOf(tokens, tokens.length);
      changed[i]++;
      assertThat(PrefixHash.EMPTY.after(changed, 0, 2).after(changed, 2, 4).matches(hash))
          .isFalse();
    }
    int[] swapped = {6, 5, 7, 8};
    assertThat(PrefixHash.EMPTY.after(swapped, 0, 2).after(swapped, 2, 4).matches(hash)).isFalse();
  }
}
