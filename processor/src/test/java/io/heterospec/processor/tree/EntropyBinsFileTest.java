package io.heterospec.processor.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.tree.EntropyBins.BinStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EntropyBinsFileTest {
  private static final EntropyBins BINS =
      new EntropyBins(
          new TreeShape(6, 5, 12),
          "0a1b",
          new double[] {0.1, 2.5},
          List.of(
              new BinStats(0, 0.1, 3, 1.25, 0.5),
              new BinStats(0.1, 2.5, 4, 3, 2),
              new BinStats(2.5, Double.POSITIVE_INFINITY, 0, 0, 0)),
          20,
          7);

  @TempDir Path directory;

  @Test
  void shouldReadWhatItWrote() throws IOException {
    Path file = directory.resolve(EntropyBinsFile.NAME);
    EntropyBinsFile.write(file, EntropyBins.uncalibrated(new TreeShape(6, 5, 12)));
    EntropyBinsFile.write(file, BINS);

    assertThat(EntropyBinsFile.read(file)).isEqualTo(BINS);
    assertThat(EntropyBinsFile.read(file).calibrated()).isTrue();
    try (var files = Files.list(directory)) {
      assertThat(files).as("no temporary file stays").containsExactly(file);
    }
  }

  @Test
  void shouldIgnoreFieldsItDoesNotKnow() throws IOException {
    assertThat(EntropyBinsFile.read(changed("{", "{ \"note\": \"by hand\","))).isEqualTo(BINS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"version\" : 1 | \"version\" : 2 | its version is 2",
        "\"version\" : 1 | \"release\" : 1 | states no version",
        "\"topK\" : 6, | | topK",
        "\"topK\" : 6 | \"topK\" : 0 | topK is 0",
        "\"depth\" : 5 | \"depth\" : 99 | tree depth must be between",
        "\"nodes\" : 12 | \"nodes\" : \"many\" | nodes",
        "0.1, 2.5 ] | 2.5, 0.1 ] | ascending",
        "0.1, 2.5 ] | 0.1 ] | one more bin",
        "0.1, 2.5 ] | NaN ] | no JSON",
        "\"fullyAccepted\" : 7 | \"fullyAccepted\" : 8 | count 7 of 8",
        "\"cycles\" : 20 | \"cycles\" : 5 | 5 seen cycles",
        "\"createdFor\" : \"0a1b\" | \"createdFor\" : null | null",
        "\"meanRank\" : 1.25 | \"meanRank\" : null | bins.0.meanRank",
      })
  void shouldNameTheFileTheFaultAndTheRemedy(String from, String to, String fault)
      throws IOException {
    Path file = changed(from, to == null ? "" : to);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> EntropyBinsFile.read(file))
        .withMessageContaining("entropy bins " + file + " cannot be used: ")
        .withMessageContaining(fault)
        .withMessageEndingWith("run calibrate again");
  }

  @Test
  void shouldRefuseFilesThatAreCutOffOrNotThere() throws IOException {
    Path file = changed("", "");
    byte[] content = Files.readAllBytes(file);
    for (int length : new int[] {0, 1, content.length / 2, content.length - 2}) {
      Files.write(file, Arrays.copyOf(content, length));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> EntropyBinsFile.read(file))
          .withMessageContaining("cannot be used");
    }
    Files.writeString(file, "[1, 2]");
    assertThatIllegalArgumentException().isThrownBy(() -> EntropyBinsFile.read(file));
    Path missing = directory.resolve("missing.json");
    assertThatThrownBy(() -> EntropyBinsFile.read(missing)).isInstanceOf(NoSuchFileException.class);
  }

  private Path changed(String from, String to) throws IOException {
    Path file = directory.resolve(EntropyBinsFile.NAME);
    EntropyBinsFile.write(file, BINS);
    String text = Files.readString(file);
    assertThat(text).contains(from);
    int at = text.indexOf(from);
    Files.writeString(file, text.substring(0, at) + to + text.substring(at + from.length()));
    return file;
  }
}
