# Makes a program of the C++ blocks of a guide in Markdown. A block that begins with #include,
# struct, template or a macro in capitals stands in the program as it is; any other is the body of
# a function that is called in its turn. guide.hpp has what they take for granted.
BEGIN { print "#include \"guide.hpp\"" }
/^```cpp$/ { inside = first = 1; next }
/^```$/ && inside {
    if (is_body) print "}"
    inside = 0
    next
}
!inside { next }
first {
    is_body = !/^(#include|struct|template|[A-Z_]+\()/
    if (is_body) printf "static void block_%d() {\n", ++blocks
    printf "#line %d \"%s\"\n", FNR, FILENAME
    first = 0
}
{ print }
END {
    print "int main() {"
    for (i = 1; i <= blocks; i++) printf "    block_%d();\n", i
    print "}"
}
