package io.heterospec.processor.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.text.TextModel.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ChatTemplateTest {
  private static final ZonedDateTime NOW =
      LocalDate.of(2026, 7, 26).atTime(12, 0).atZone(ZoneOffset.UTC);

  @TestFactory
  Stream<DynamicTest> templatesOfKnownModelsRenderAsTheirOwnLibraryDoes() throws IOException {
    Path directory = SharedFixtures.optional("chat-templates");
    JsonNode cases = new ObjectMapper().readTree(directory.resolve("expected.json").toFile());
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode one : cases) {
      String name = one.path("template").asText() + " " + one.path("case").asText();
      tests.add(DynamicTest.dynamicTest(name, () -> check(directory, one)));
    }
    return tests.stream();
  }

  // Python slices and braces inside string literals are beyond jinjava: refused, never misread.
  private static final String BEYOND_JINJAVA = "Qwen-Qwen3-0.6B.jinja";

  private static void check(Path directory, JsonNode one) throws IOException {
    String source = Files.readString(directory.resolve(one.path("template").asText()));
    ChatTemplate template =
        new ChatTemplate(source, one.path("bos_token").asText(), one.path("eos_token").asText());
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : one.path("messages")) {
      messages.add(
          new ChatMessage(message.path("role").asText(), message.path("content").asText()));
    }
    boolean prompt = one.path("add_generation_prompt").asBoolean();
    if (one.path("template").asText().equals(BEYOND_JINJAVA)) {
      assertThatThrownBy(() -> template.render(messages, prompt, NOW))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("send raw text instead");
      return;
    }
    assertThat(template.render(messages, prompt, NOW)).isEqualTo(one.path("expected").asText());
  }

  @Test
  void aTemplateCannotReachTheProgram() {
    for (String attack : List.of("{{ messages.getClass().getName() }}", "{{ ''.getClass() }}")) {
      try {
        String rendered =
            new ChatTemplate(attack, "", "")
                .render(List.of(new ChatMessage("user", "x")), true, NOW);
        assertThat(rendered).doesNotContain("java");
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("cannot be rendered");
      }
    }
  }
}
