package io.heterospec.processor.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.heterospec.processor.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the tokenizer library does not tell of a {@code tokenizer.json}: its added tokens and its
 * largest id. Read as a stream, as such files have many megabytes.
 */
record TokenizerFile(Path file, List<AddedToken> addedTokens, int maxId) {

  static TokenizerFile read(TokenizerSource source) {
    Path file = source.file();
    List<AddedToken> added = new ArrayList<>();
    int max = -1;
    try (JsonParser parser = new JsonFactory().createParser(source.open())) {
      expect(parser.nextToken(), JsonToken.START_OBJECT, file);
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        if (field.equals("added_tokens") && value == JsonToken.START_ARRAY) {
          while (parser.nextToken() == JsonToken.START_OBJECT) {
            added.add(addedToken(parser, file));
          }
        } else if (field.equals("model") && value == JsonToken.START_OBJECT) {
          max = largestModelId(parser);
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException e) {
      throw new CheckpointException(file + " is not a tokenizer file; download it again", e);
    }
    for (AddedToken token : added) {
      max = Math.max(max, token.id());
    }
    return new TokenizerFile(file, List.copyOf(added), max);
  }

  private static AddedToken addedToken(JsonParser parser, Path file) throws IOException {
    int id = -1;
    String content = "";
    boolean special = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "id" -> id = parser.getIntValue();
        case "content" -> content = parser.getText();
        case "special" -> special = parser.getBooleanValue();
        default -> parser.skipChildren();
      }
    }
    if (id < 0 || content.isEmpty()) {
      throw new CheckpointException(
          file + " has an added token without id or content; download it again");
    }
    return new AddedToken(id, content, special);
  }

  private static int largestModelId(JsonParser parser) throws IOException {
    int max = -1;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (field.equals("vocab") && value == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          parser.nextToken();
          max = Math.max(max, parser.getIntValue());
        }
      } else if (field.equals("vocab") && value == JsonToken.START_ARRAY) {
        // Unigram: pairs of piece and score, the index is the id.
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          parser.skipChildren();
          max++;
        }
      } else {
        parser.skipChildren();
      }
    }
    return max;
  }

  private static void expect(JsonToken actual, JsonToken expected, Path file) {
    if (actual != expected) {
      throw new CheckpointException(file + " is not a JSON object; download it again");
    }
  }
}
