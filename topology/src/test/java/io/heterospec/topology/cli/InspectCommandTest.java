package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What inspect says of whole and of damaged checkpoints, all of them fabricated. */
class InspectCommandTest {
  private static final String CONFIG =
      """
      {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 64,
       "num_hidden_layers": 6, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32,
       "intermediate_size": 96, "vocab_size": 300, "tie_word_embeddings": true}
      """;
  private static final String HEAD =
      """
      {"architectures": ["LlamaForCausalLMEagle3"], "hidden_size": 32, "target_hidden_size": 64,
       "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 300,
       "draft_vocab_size": 100}
      """;

  @TempDir Path directory;
  private Path target;
  private Path file;

  @BeforeEach
  void fabricate() throws IOException {
    target = fabricate("target", CONFIG, "safetensors");
    file = target.resolve("model.safetensors");
  }

  private Path fabricate(String name, String config, String format) throws IOException {
    Path configs = Files.createDirectories(directory.resolve(name + "-config"));
    Files.writeString(configs.resolve("config.json"), config);
    Path out = directory.resolve(name);
    Cli result =
        Cli.run(
            "fabricate",
            "--config",
            configs.toString(),
            "--format",
            format,
            "--out",
            out.toString());
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    return out;
  }

  private static void isRefused(Path checkpoint, String... parts) throws IOException {
    Cli result = Cli.run("inspect", checkpoint.toString(), "--json");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.json().get("runnable").asBoolean()).isFalse();
    assertThat(result.json().get("problems")).hasSize(1);
    assertThat(result.json().get("problems").get(0).asText()).contains(parts);
    assertThat(Cli.run("inspect", checkpoint.toString()).out()).contains(parts);
  }

  private void editHeader(Consumer<ObjectNode> change) throws IOException {
    ByteBuffer old = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[(int) old.getLong()];
    old.get(header);
    ObjectNode node = (ObjectNode) Json.MAPPER.readTree(header);
    change.accept(node);
    byte[] json = Json.MAPPER.writeValueAsBytes(node);
    Files.write(
        file,
        ByteBuffer.allocate(8 + json.length + old.remaining())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json)
            .put(old)
            .array());
  }

  @Test
  void aWholeTargetIsDescribed() throws IOException {
    JsonNode json = Cli.run("inspect", target.toString(), "--json").json();
    assertThat(json.get("runnable").asBoolean()).isTrue();
    assertThat(json.get("modelType").asText()).isEqualTo("qwen3");
    long layer = 64 * 128 * 2 + 64 * 64 * 2 + 3 * 64 * 96 + 2 * 64 + 2 * 32;
    assertThat(json.get("parameters").asLong()).isEqualTo(300 * 64 + 6 * layer + 64);
    assertThat(json.get("kvBytesPerTokenBf16").asInt()).isEqualTo(2 * 6 * 2 * 32 * 2);
    assertThat(json.get("featureLayers")).hasToString("[2,3,3]");
    assertThat(json.get("contextLength").asInt()).isEqualTo(32768);
  }

  @Test
  void theLayersArePlacedOverSeveralDevices() throws IOException {
    Path head = fabricate("head", HEAD, "safetensors");
    String[] pair = {
      "inspect", head.toString(), "--target", target.toString(), "--device", "gpu:0,gpu:1"
    };
    JsonNode plan = plan(0, pair, "--free", "1.5,0.9", "--cache-mb", "8", "--json");
    assertThat(plan.get("fits").asBoolean()).isTrue();
    assertThat(plan.get("devices")).hasSize(2);
    assertThat(plan.get("devices").get(0).get("device").asText()).isEqualTo("gpu:0");
    assertThat(plan.get("devices").get(0).get("first_layer").asInt()).isZero();
    int last = plan.get("devices").get(0).get("last_layer").asInt();
    assertThat(plan.get("devices").get(1).get("first_layer").asInt()).isEqualTo(last + 1);
    assertThat(plan.get("devices").get(1).get("last_layer").asInt()).isEqualTo(5);
    // Keys and values of two heads of 32 in six layers, and of four heads of 8 in the head's own.
    assertThat(plan.get("cache_tokens").asLong()).isEqualTo((8 << 20) / (2 * 2 * (6 * 64 + 32)));
    assertThat(Cli.run("inspect", target.toString(), "--device", "cpu").out())
        .contains("plan            layers cpu: 0–5", "of caches for");
  }

  @Test
  void whatDoesNotFitOrIsNotThereIsRefused() throws IOException {
    String[] alone = {"inspect", target.toString(), "--device", "gpu:0,gpu:1"};
    assertThat(plan(2, alone, "--free", "0.6,0.1", "--json").get("problem").asText())
        .contains("room for");
    assertThat(plan(2, alone, "--free", "1", "--json").get("problem").asText())
        .contains("a number for each of the 2 devices");
    assertThat(plan(2, new String[] {"inspect", target.toString(), "--device", "gpu:9", "--json"}))
        .asString()
        .contains("gpu:9 is not available");
    Path head = fabricate("head", HEAD, "safetensors");
    Cli lonely = Cli.run("inspect", head.toString(), "--device", "cpu");
    assertThat(lonely.code()).isEqualTo(2);
    assertThat(lonely.err()).contains("give --target DIR");
  }

  private static JsonNode plan(int code, String[] command, String... more) throws IOException {
    Cli result =
        Cli.run(Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray(String[]::new));
    assertThat(result.code()).as(result.err()).isEqualTo(code);
    return result.json().get("plan");
  }

  @ParameterizedTest
  @CsvSource({"safetensors", "sharded_safetensors", "pickled", "sharded_pickled"})
  void aHeadOfAnyFormatIsDescribedAndComparedWithItsTarget(String format) throws IOException {
    Path head = fabricate("head", HEAD, format);
    Cli result = Cli.run("inspect", head.toString(), "--target", target.toString(), "--json");
    assertThat(result.code()).isZero();
    assertThat(result.json().get("kind").asText()).isEqualTo("DRAFT");
    assertThat(result.json().get("draftVocabularySize").asInt()).isEqualTo(100);
    assertThat(result.json().get("featureLayers")).hasToString("[2,3,3]");
  }

  @Test
  void aTruncatedFileIsNamed() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 10));
    isRefused(target, "model.safetensors is truncated", "ends 10 bytes late");
  }

  @Test
  void aWrongShapeAndAMissingTensorAreNamed() throws IOException {
    String config = CONFIG.replace("\"intermediate_size\": 96", "\"intermediate_size\": 95");
    Files.writeString(target.resolve("config.json"), config);
    isRefused(target, "model.layers.0.mlp.gate_proj.weight is BF16[96, 64]", "[95, 64]");
    Files.writeString(target.resolve("config.json"), CONFIG);
    editHeader(header -> header.remove("model.layers.5.self_attn.q_norm.weight"));
    isRefused(target, "tensor model.layers.5.self_attn.q_norm.weight is missing");
  }

  /** Gives a tensor a second name, at the end of the file. */
  private void addTensor(Path checkpoint, String original, String name) throws IOException {
    file = checkpoint.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    int header = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    int end = bytes.length - 8 - header;
    editHeader(
        node -> {
          JsonNode offsets = node.get(original).get("data_offsets");
          ObjectNode copy = node.get(original).deepCopy();
          copy.putArray("data_offsets")
              .add(end)
              .add(end + offsets.get(1).asInt() - offsets.get(0).asInt());
          node.set(name, copy);
        });
    try (RandomAccessFile longer = new RandomAccessFile(file.toFile(), "rw")) {
      longer.setLength(longer.length() + (1 << 20));
    }
  }

  @Test
  void aTensorThatTheArchitectureDoesNotReadIsNamed() throws IOException {
    String norm = "model.layers.0.input_layernorm.weight";
    addTensor(target, norm, "model.layers.0.self_attn.rotary_emb.inv_freq");
    assertThat(Cli.run("inspect", target.toString()).code()).isZero();
    addTensor(target, norm, "model.layers.0.self_attn.q_proj.bias");
    isRefused(target, "model.layers.0.self_attn.q_proj.bias is none of this architecture");
    Path head = fabricate("head", HEAD, "safetensors");
    addTensor(head, "norm.weight", "fc.bias");
    isRefused(head, "fc.bias is none of this architecture");
  }

  @Test
  void overlappingOffsetsAreNamed() throws IOException {
    editHeader(
        header ->
            ((ObjectNode) header.get("model.layers.1.input_layernorm.weight"))
                .set(
                    "data_offsets",
                    header.get("model.layers.0.input_layernorm.weight").get("data_offsets")));
    isRefused(
        target,
        "overlapping tensors",
        "model.layers.0.input_layernorm.weight",
        "model.layers.1.input_layernorm.weight");
  }

  @Test
  void aHeaderOfAGigabyteIsNotRead() throws IOException {
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(2L << 30);
      sparse.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(1 << 30).array());
    }
    isRefused(target, "its header would have 1073741824 bytes");
  }

  @Test
  void aPickleThatImportsOsIsNamedAndNotRun() throws IOException {
    Path trace = directory.resolve("trace");
    Path head = fabricate("head", HEAD, "pickled");
    String attack = "cos\nsystem\n(S'touch %s'\ntR.".formatted(trace);
    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(head.resolve("pytorch_model.bin")))) {
      ZipEntry entry = new ZipEntry("archive/data.pkl");
      byte[] content = attack.getBytes(StandardCharsets.US_ASCII);
      java.util.zip.CRC32 crc = new java.util.zip.CRC32();
      crc.update(content);
      entry.setMethod(ZipEntry.STORED);
      entry.setSize(content.length);
      entry.setCrc(crc.getValue());
      zip.putNextEntry(entry);
      zip.write(content);
    }
    isRefused(head, "asks to run os.system", "nothing was run");
    assertThat(trace).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model_type | \"gpt2\" | only llama, mistral, qwen2, qwen3 are",
        "hidden_act | \"gelu\" | only silu is",
        "mlp_bias | true | is not known of this model_type",
        "final_logit_softcapping | 30.0 | is not supported",
        "partial_rotary_factor | 0.5 | only 1 is",
        "num_experts | 8 | is not supported",
        "quantization_config | {\"bits\": 4} | is not supported",
        "rope_scaling | {\"rope_type\": \"longrope\"} | use llama3, linear, dynamic, yarn or none"
      })
  void aFieldThatWouldChangeTheResultIsNamed(String field, String value, String message)
      throws IOException {
    ObjectNode config = (ObjectNode) Json.MAPPER.readTree(CONFIG);
    config.set(field, Json.MAPPER.readTree(value));
    Files.write(target.resolve("config.json"), Json.MAPPER.writeValueAsBytes(config));
    isRefused(target, field, message);
  }

  @Test
  void fieldsThatChangeNothingAtTheirValueAreNoProblem() throws IOException {
    ObjectNode config = (ObjectNode) Json.MAPPER.readTree(CONFIG);
    config.put("partial_rotary_factor", 1.0).put("use_sliding_window", false);
    config.putNull("sliding_window").putNull("quantization_config").put("num_experts", 0);
    List.of("torch_dtype", "transformers_version", "something_new")
        .forEach(field -> config.put(field, "x"));
    Files.write(target.resolve("config.json"), Json.MAPPER.writeValueAsBytes(config));
    assertThat(Cli.run("inspect", target.toString()).code()).isZero();
  }
}
