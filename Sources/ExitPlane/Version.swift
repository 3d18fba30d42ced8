/// What the command and the C library say they are.
package let exitPlaneVersion = "0.1.0"
