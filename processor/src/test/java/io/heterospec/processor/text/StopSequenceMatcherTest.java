package io.heterospec.processor.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopSequenceMatcherTest {

  @Test
  void textThatMayBecomeAStopSequenceIsHeldBackUntilDecided() {
    StopSequenceMatcher matcher = new StopSequenceMatcher(List.of("STOP"));
    assertThat(matcher.accept("abcST")).isEqualTo("abc");
    assertThat(matcher.accept("x")).isEqualTo("STx");
    assertThat(matcher.accept("yS")).isEqualTo("y");
    assertThat(matcher.accept("TO")).isEmpty();
    assertThat(matcher.stopped()).isFalse();
    assertThat(matcher.accept("Pz")).isEmpty();
    assertThat(matcher.stopped()).isTrue();
    assertThat(matcher.flush()).isEmpty();
  }

  @Test
  void whatIsHeldBackAtTheEndIsText() {
    StopSequenceMatcher matcher = new StopSequenceMatcher(List.of("END"));
    assertThat(matcher.accept("the EN")).isEqualTo("the ");
    assertThat(matcher.flush()).isEqualTo("EN");
    assertThat(matcher.stopped()).isFalse();
  }

  @Test
  void anEmptyStopSequenceIsRefused() {
    assertThatThrownBy(() -> new StopSequenceMatcher(List.of("a", "")))
        .hasMessageContaining("empty sequence");
  }

  @Test
  void anyCuttingIntoPiecesGivesTheTextBeforeTheEarliestStop() {
    Random random = new Random(9);
    for (int round = 0; round < 5000; round++) {
      String text = word(random, 12);
      List<String> stops = List.of(word(random, 3), word(random, 2));
      int first = Integer.MAX_VALUE;
      for (String stop : stops) {
        int at = text.indexOf(stop);
        first = at >= 0 ? Math.min(first, at) : first;
      }
      StopSequenceMatcher matcher = new StopSequenceMatcher(stops);
      StringBuilder out = new StringBuilder();
      for (int at = 0; at < text.length() && !matcher.stopped(); ) {
        int next = Math.min(text.length(), at + 1 + random.nextInt(3));
        out.append(matcher.accept(text.substring(at, next)));
        at = next;
      }
      out.append(matcher.flush());
      boolean stopped = first < Integer.MAX_VALUE;
      assertThat(matcher.stopped()).as("%s in %s", stops, text).isEqualTo(stopped);
      assertThat(out.toString()).isEqualTo(stopped ? text.substring(0, first) : text);
    }
  }

  private static String word(Random random, int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(2)));
    }
    return word.toString();
  }
}
