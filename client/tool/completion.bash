# bash completion for kv. The commands are those of `kv --help`; a test compares them.

_kv() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} each
    local commands="cas count create del delif delprefix detour exists expire expireat export flush
        get getdel getex getset help import incr limit mget mset persist scan set setex setnx setxx shell
        stats stores sweep ttl watch"
    local options="--dbname --help --host --json --no-password --port --store --username --version"

    case $before in
    -s | --store)
        mapfile -t COMPREPLY < <(compgen -W "$(kv -w stores 2>/dev/null)" -- "$word")
        return
        ;;
    -h | --host | -p | --port | -U | --username | -d | --dbname) return ;;
    import | export)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        [ ${#COMPREPLY[@]} = 0 ] || return
        ;;
    esac

    # Before a command the commands, after one its options.
    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case " ${commands//[[:space:]]/ } " in
        *" $each "*)
            if [ "$each" != help ]; then
                options+=" $(kv help "$each" 2>/dev/null | grep -oE '^ +--[a-z-]+')"
                commands=
            fi
            break
            ;;
        esac
    done
    case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
    esac
}
complete -F _kv kv
