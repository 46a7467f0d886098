package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever stands in a model's files, reading them ends with a checkpoint or a typed refusal. */
class CheckpointFuzzTest {
  private static final int TRIES = 500;

  private static Path directory;
  private static byte[] pickled;

  @BeforeContainer
  static void create() throws IOException {
    directory = Files.createTempDirectory("fuzz");
    try (InputStream in = CheckpointFuzzTest.class.getResourceAsStream("/python-pickle.bin")) {
      pickled = in.readAllBytes();
    }
  }

  @AfterContainer
  static void delete() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Some bytes of a file replaced. */
  record Damage(Map<Integer, Byte> bytes, int cut) {
    byte[] on(byte[] whole) {
      byte[] damaged = whole.clone();
      bytes.forEach((at, value) -> damaged[at % damaged.length] = value);
      return Arrays.copyOf(damaged, damaged.length - cut % damaged.length);
    }
  }

  @Provide
  Arbitrary<Damage> damages() {
    Arbitrary<Map<Integer, Byte>> bytes =
        Arbitraries.maps(Arbitraries.integers().between(0, 100_000), Arbitraries.bytes())
            .ofMinSize(1)
            .ofMaxSize(6);
    Arbitrary<Integer> cuts =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.just(0)),
            Tuple.of(1, Arbitraries.integers().between(0, 100_000)));
    return Combinators.combine(bytes, cuts).as(Damage::new);
  }

  private static void open(String name, byte[] content) throws IOException {
    Path file = directory.resolve(name);
    Files.write(file, content);
    try (CheckpointTensors tensors = CheckpointTensors.open(directory)) {
      for (String tensor : tensors.names()) {
        tensors.read(tensor, 0, ByteBuffer.allocate(Math.min(64, size(tensors, tensor))));
        assertThat(tensors.fileOf(tensor)).isEqualTo(file);
      }
    } catch (CheckpointException e) {
      assertThat(e).hasMessageContaining(name);
    } finally {
      Files.delete(file);
    }
  }

  private static int size(CheckpointTensors tensors, String name) {
    return (int) Math.min(64, tensors.entry(name).bytes());
  }

  private static byte[] safetensors(String header) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + 64)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
  void damagedSafetensors(@ForAll("damages") Damage damage) throws IOException {
    byte[] whole =
        safetensors(
            "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]},\"b\":{\"dtype\":\"BF16\",\"shape\":[16],\"data_offsets\":[32,64]}}");
    open("model.safetensors", damage.on(whole));
  }

  @Provide
  Arbitrary<String> json() {
    Arbitrary<String> numbers =
        Arbitraries.of(
            "0", "1", "2", "16", "64", "-1", "2147483647", "9223372036854775807", "1e400", "0.5");
    Arbitrary<String> others =
        Arbitraries.of("null", "true", "\"F32\"", "\"BF16\"", "\"I64\"", "\"x\"", "[]", "{}");
    Arbitrary<String> lists =
        numbers.list().ofMaxSize(3).map(all -> "[" + String.join(",", all) + "]");
    return Arbitraries.oneOf(numbers, others, lists, Arbitraries.just("[".repeat(2000)));
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
  void headersOfAnyShape(
      @ForAll("json") String type, @ForAll("json") String shape, @ForAll("json") String offsets)
      throws IOException {
    open(
        "model.safetensors",
        safetensors(
            "{\"a\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}}"
                .formatted(type, shape, offsets)));
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
  void damagedArchives(@ForAll("damages") Damage damage) throws IOException {
    open("pytorch_model.bin", damage.on(pickled));
  }

  @Provide
  Arbitrary<List<byte[]>> opcodes() {
    PickleBytes tensor = new PickleBytes().tensor("FloatStorage", "0", 0, 4, 1);
    Arbitrary<byte[]> single =
        Arbitraries.of(
                "(",
                ")",
                "}",
                "]",
                "t",
                "u",
                "s",
                "a",
                "e",
                "R",
                "Q",
                "b",
                "N",
                "0",
                ".",
                "q\0",
                "h\0",
                "\u0085",
                "\u0086",
                "\u0093",
                "\u0094",
                "K\4",
                "X\1\0\0\0x")
            .map(text -> text.getBytes(StandardCharsets.ISO_8859_1));
    Arbitrary<byte[]> longer =
        Arbitraries.of(
            tensor.bytes(),
            new PickleBytes().global("collections", "OrderedDict").bytes(),
            new PickleBytes().global("os", "system").bytes());
    return Arbitraries.frequencyOf(Tuple.of(9, single), Tuple.of(2, longer)).list().ofMaxSize(30);
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
  void picklesOfAnyOpcodes(@ForAll("opcodes") List<byte[]> opcodes) {
    PickleBytes pickle = new PickleBytes();
    for (byte[] opcode : opcodes) {
      for (byte b : opcode) {
        pickle.op(b);
      }
    }
    Path file = directory.resolve("pytorch_model.bin");
    try {
      assertThat(new TensorPickle(file, pickle.op('.').bytes()).read()).isNotEmpty();
    } catch (CheckpointException e) {
      assertThat(e).hasMessageContaining("pytorch_model.bin");
    }
  }

  @Provide
  Arbitrary<String> configs() {
    Arbitrary<String> fields =
        Arbitraries.of(
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
            "intermediate_size",
            "vocab_size",
            "max_position_embeddings",
            "rms_norm_eps",
            "rope_theta",
            "rope_scaling",
            "rope_parameters",
            "tie_word_embeddings",
            "attention_bias",
            "sliding_window",
            "use_sliding_window",
            "layer_types",
            "eos_token_id",
            "draft_vocab_size",
            "architectures",
            "quantization_config");
    Arbitrary<String> scalings =
        Arbitraries.of("llama3", "linear", "dynamic", "yarn", "longrope")
            .map(type -> "{\"rope_type\":\"%s\",\"factor\":4}".formatted(type));
    Arbitrary<String> families =
        Arbitraries.of("llama", "mistral", "qwen2", "qwen3", "mamba")
            .map(family -> "\"model_type\":\"" + family + '"');
    Arbitrary<String> values = Arbitraries.oneOf(json(), scalings);
    Arbitrary<String> body =
        Arbitraries.maps(fields, values)
            .ofMaxSize(14)
            .map(
                map ->
                    map.entrySet().stream()
                        .map(e -> '"' + e.getKey() + "\":" + e.getValue())
                        .collect(Collectors.joining(",")));
    return Combinators.combine(families, body)
        .as((family, rest) -> "{" + family + (rest.isEmpty() ? "" : "," + rest) + "}");
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.BOUNDED)
  void configurationsOfAnyValues(@ForAll("configs") String config) throws IOException {
    Files.writeString(directory.resolve("config.json"), config);
    try {
      assertThat(CheckpointSummary.of(directory).runnable()).isFalse();
    } catch (CheckpointException e) {
      assertThat(e).hasMessageContaining("config.json");
    }
    try {
      assertThat(DraftConfig.read(directory).hiddenSize()).isPositive();
    } catch (CheckpointException e) {
      assertThat(e).hasMessageContaining("config.json");
    }
  }
}
