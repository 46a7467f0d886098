package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.SharedFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations of published models, each with a file of the right tensors full of zeros. */
class PublishedConfigsTest {
  @TempDir Path directory;

  /** A directory with this configuration; its weights take no room on the disk. */
  private Path checkpoint(String config) throws IOException {
    Path one = directory.resolve(config);
    Path published = SharedFixtures.optional("configs").resolve(config + ".json");
    SparseCheckpoint.write(one, Files.readString(published));
    return one;
  }

  @ParameterizedTest
  @CsvSource({"Llama-3.1-8B-Instruct.config", "DeepSeek-R1-Distill-Llama-8B.config"})
  void targetsAreRunnableAndHaveTheirPublishedSize(String config) throws IOException {
    CheckpointSummary summary = CheckpointSummary.of(checkpoint(config));
    assertThat(summary.problems()).isEmpty();
    assertThat(summary.parameters()).isEqualTo(8_030_261_248L);
    assertThat(summary.bytes()).isEqualTo(2 * summary.parameters());
    assertThat(summary.kvBytesPerTokenBf16()).isEqualTo(131072);
    assertThat(summary.featureLayers()).containsExactly(2, 16, 29);
    assertThat(summary.contextLength()).isEqualTo(131072);
    assertThat(summary.draftVocabularySize()).isZero();
  }

  // Parameters: fc, q, k, v, o, MLP, norms, output.
  @ParameterizedTest
  @CsvSource({
    "llama3-8B-eagle3, 4096, 32000, 424689664, 4096",
    "eagle_traineagle3_config, 4096, 32000, 424689664, 4096",
    "llama3-70B-ealge3, 8192, 32000, 1403027456, 4096",
    "qwen2.5-0.5b-eagle3, 896, 16000, 32689664, 512",
    "qwen3-4b-eagle3, 2560, 32000, 218245120, 4096",
    "qwen3-8b-eagle3, 4096, 32000, 399523840, 4096"
  })
  void headsAreRunnable(
      String config, int hidden, int draftVocabulary, long parameters, long cacheBytes)
      throws IOException {
    CheckpointSummary summary = CheckpointSummary.of(checkpoint(config));
    assertThat(summary.problems()).isEmpty();
    assertThat(summary.kind()).isEqualTo(CheckpointSummary.Kind.DRAFT);
    assertThat(summary.hiddenSize()).isEqualTo(hidden);
    assertThat(summary.draftVocabularySize()).isEqualTo(draftVocabulary);
    assertThat(summary.parameters()).isEqualTo(parameters);
    assertThat(summary.kvBytesPerTokenBf16()).isEqualTo(cacheBytes);
  }

  @Test
  void aHeadOfLlama31TapsItsTargetAndFitsNoOther() throws IOException {
    Path target = checkpoint("Llama-3.1-8B-Instruct.config");
    CheckpointSummary fitting = CheckpointSummary.of(checkpoint("llama3-8B-eagle3"), target);
    assertThat(fitting.runnable()).isTrue();
    assertThat(fitting.featureLayers()).containsExactly(2, 16, 29);
    assertThat(CheckpointSummary.of(checkpoint("llama3-70B-ealge3"), target).problems())
        .singleElement()
        .asString()
        .contains("hidden size 8192", "4096");
  }
}
