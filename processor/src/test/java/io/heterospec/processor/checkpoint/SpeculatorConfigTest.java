package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Heads as the speculators library describes them. */
class SpeculatorConfigTest {
  private static final String CONFIG =
      """
      {"architectures": ["Eagle3Speculator"], "speculators_model_type": "eagle3",
       "model_type": "speculator_model", "draft_vocab_size": 100, "target_hidden_size": null,
       "eagle_aux_hidden_state_layer_ids": [2, 16, 29], "norm_before_fc": false,
       "speculators_config": {"algorithm": "eagle3"},
       "transformer_layer_config": {
         "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 1,
         "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128,
         "vocab_size": 300, "rms_norm_eps": 1e-5, "attention_bias": false,
         "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}}}
      """;

  @TempDir Path directory;

  private DraftConfig read(String config) throws IOException {
    Files.writeString(directory.resolve("config.json"), config);
    return DraftConfig.read(directory);
  }

  @Test
  void theLayersFieldsAndTheHeadsOwnAreReadTogether() throws IOException {
    DraftConfig config = read(CONFIG);
    assertThat(config.hiddenSize()).isEqualTo(64);
    assertThat(config.targetHiddenSize()).isEqualTo(64);
    assertThat(config.kvHeads()).isEqualTo(2);
    assertThat(config.draftVocabularySize()).isEqualTo(100);
    assertThat(config.ropeTheta()).isEqualTo(500000);
    assertThat(config.featureLayers()).isEqualTo(List.of(2, 16, 29));
    assertThat(config.normBeforeResidual()).as("speculators' default").isTrue();
    assertThat(
            read(CONFIG.replace("\"draft_vocab", "\"norm_before_residual\": false, \"draft_vocab"))
                .normBeforeResidual())
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "_type\": \"eagle3 | _type\": \"mtp | speculators_model_type = \"mtp\" is not supported",
        "\"llama\" | \"qwen3\" | model_type = \"qwen3\" is not supported for a head's layer",
        "fc\": false | fc\": true | norm_before_fc = true is not supported",
        "\"norm_before_fc\": false | \"fc_norm\": true | fc_norm = true is not supported",
        "\"norm_before_fc\": false | \"norm_output\": true | norm_output = true is not supported",
        "_layers\": 1 | _layers\": 2 | num_hidden_layers = 2 is not supported"
      })
  void whatWouldComputeSomethingElseIsRefusedByItsName(String from, String to, String message) {
    assertThat(CONFIG).contains(from);
    assertThatThrownBy(() -> read(CONFIG.replace(from, to)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "midlayer.mlp.up_proj.weight",
        "layers.0.mlp.up_proj.weight",
        "model.layers.0.mlp.up_proj.weight",
        "model.midlayer.mlp.up_proj.weight"
      })
  void aTensorHasOneNameWhateverItsTrainerCallsIt(String name) {
    assertThat(HeadNames.canonical(name)).isEqualTo("midlayer.mlp.up_proj.weight");
    assertThat(HeadNames.canonical("layers.1.mlp.up_proj.weight")).startsWith("layers.1.");
  }
}
