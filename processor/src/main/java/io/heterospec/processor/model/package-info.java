/**
 * The two networks of a pair: the target and its EAGLE-3 draft head. Their maths is TorchScript
 * under {@code resources/torchscript}; these classes load weights and name the passes.
 */
package io.heterospec.processor.model;
