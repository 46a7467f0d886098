package io.heterospec.processor.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SurveyFileTest {
  private static final String NODES =
      "[{\"token\":7,\"parent\":-1,\"confidence\":0.5},{\"token\":8,\"parent\":0,\"confidence\":0.1}]";

  @TempDir Path directory;

  private static String cycle(String id, String mode, int offset, String ids, String tree) {
    return ("{\"request_id\":\"%s\",\"mode\":\"%s\",\"category\":\"maths\",\"prompt_tokens\":5,"
            + "\"token_offset\":%d,\"token_ids\":%s,\"tree\":%s,\"another\":1}\n")
        .formatted(id, mode, offset, ids, tree);
  }

  private List<SurveyedText> read(String content) throws IOException {
    return SurveyFile.read(Files.writeString(directory.resolve("trace.jsonl"), content));
  }

  @Test
  void generationsMayBeInterleavedAndIdsUsedAgain() throws IOException {
    List<SurveyedText> texts =
        read(
            cycle("a", "survey", 0, "[7]", NODES)
                + cycle("b", "survey", 0, "[9]", "[]")
                + cycle("a", "survey", 1, "[8]", "[]")
                + cycle("b", "survey", 0, "[4]", NODES));
    assertThat(texts).extracting(text -> text.tokens().length).containsExactly(2, 1, 1);
    assertThat(texts.get(0).category()).isEqualTo("maths");
    assertThat(texts.get(0).promptTokens()).isEqualTo(5);
    // The first ended by its limit; of the last two more levels could have become output.
    assertThat(texts).extracting(SurveyedText::limit).containsExactly(2, 1, 3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a | eagle3 | 0 | [7]   | []  | line 2: the trace is of mode 'eagle3'",
        "a | survey | 2 | [7]   | []  | line 2: cycles of a are missing",
        "b | survey | 1 | [7]   | []  | line 2: cycles of b are missing",
        "a | survey | 1 | [7,8] | []  | line 2: cycles of a are missing",
        "a | survey | 1 | x     | []  | line 2 is no cycle of a trace",
        "a | survey | 1 | [7]   | [{\"token\":7,\"parent\":3,\"confidence\":0.5}] | before its parent",
        "a | survey | 1 | [7]   | [{\"token\":7,\"parent\":-1}] | confidence",
      })
  void whatIsNoSurveyIsNamed(
      String id, String mode, int offset, String ids, String tree, String message) {
    String content = cycle("a", "survey", 0, "[7]", NODES) + cycle(id, mode, offset, ids, tree);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(content))
        .withMessageContaining("trace.jsonl line 2")
        .withMessageContaining(message);
  }

  @Test
  void anEmptyFileHoldsNoCycles() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(""))
        .withMessageContaining("holds no cycles");
  }
}
